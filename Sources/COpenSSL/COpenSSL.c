#include "COpenSSL.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct ot_session {
  SSL_CTX *context;
  SSL *ssl;
  BIO *from_server;  // owned by ssl
  BIO *to_server;    // owned by ssl
  bool has_certificate;
  bool was_asked_for_certificate;
  ot_problem problem;
};

static void set_problem(ot_problem *problem, int32_t kind, const char *text) {
  problem->kind = kind;
  size_t length = text ? strnlen(text, sizeof problem->text - 1) : 0;
  if (length > 0) memcpy(problem->text, text, length);
  problem->text[length] = 0;
}

// The reason of the oldest error, and no error left behind.
static const char *take_reason(void) {
  const char *reason = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  return reason ? reason : "";
}

// A subject or an issuer on one line.
static void print_name(const X509_NAME *name, char *text, size_t room) {
  BIO *out = BIO_new(BIO_s_mem());
  text[0] = 0;
  if (!out) return;
  if (name && X509_NAME_print_ex(out, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
    int count = BIO_read(out, text, (int)room - 1);
    text[count > 0 ? count : 0] = 0;
  }
  BIO_free(out);
}

static void print_time(const ASN1_TIME *time, char *text, size_t room) {
  struct tm parts;
  text[0] = 0;
  if (time && ASN1_TIME_to_tm(time, &parts)) strftime(text, room, "%Y-%m-%d %H:%M:%SZ", &parts);
}

static void append(char *text, size_t room, const char *word, size_t length) {
  size_t used = strlen(text);
  size_t separator = used > 0 ? 2 : 0;
  if (used + separator + length >= room) return;
  if (separator) memcpy(text + used, ", ", 2);
  memcpy(text + used + separator, word, length);
  text[used + separator + length] = 0;
}

static void append_address(char *text, size_t room, const ASN1_OCTET_STRING *address) {
  char word[INET6_ADDRSTRLEN];
  int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(address) != 16) return;
  if (inet_ntop(family, ASN1_STRING_get0_data(address), word, sizeof word))
    append(text, room, word, strlen(word));
}

// Every name the certificate is for; its subject where it lists none.
static void print_hosts(X509 *certificate, char *text, size_t room) {
  text[0] = 0;
  GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) {
      const ASN1_IA5STRING *dns = name->d.dNSName;
      append(text, room, (const char *)ASN1_STRING_get0_data(dns), (size_t)ASN1_STRING_length(dns));
    } else if (name->type == GEN_IPADD) {
      append_address(text, room, name->d.iPAddress);
    }
  }
  GENERAL_NAMES_free(names);
  if (!text[0]) print_name(X509_get_subject_name(certificate), text, room);
}

// Called for each certificate of the chain; keeps what the first complaint is about.
static int on_certificate(int accepted, X509_STORE_CTX *store) {
  SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  ot_session *session = ssl ? SSL_get_app_data(ssl) : NULL;
  X509 *certificate = X509_STORE_CTX_get_current_cert(store);
  if (accepted || !session || session->problem.kind != OT_FINE) return accepted;
  ot_problem *problem = &session->problem;
  int code = X509_STORE_CTX_get_error(store);
  set_problem(problem, OT_OTHER_CERTIFICATE, X509_verify_cert_error_string(code));
  if (!certificate) return accepted;
  switch (code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      problem->kind = OT_UNKNOWN_AUTHORITY;
      print_name(X509_get_issuer_name(certificate), problem->text, sizeof problem->text);
      break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      problem->kind = OT_SELF_SIGNED;
      print_name(X509_get_subject_name(certificate), problem->text, sizeof problem->text);
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      problem->kind = OT_EXPIRED;
      print_time(X509_get0_notAfter(certificate), problem->text, sizeof problem->text);
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      problem->kind = OT_NOT_YET_VALID;
      print_time(X509_get0_notBefore(certificate), problem->text, sizeof problem->text);
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      problem->kind = OT_WRONG_HOST;
      print_hosts(certificate, problem->text, sizeof problem->text);
      break;
  }
  return accepted;
}

// The server asks for a certificate of ours and we have none; that alone is no error yet.
static int on_certificate_request(SSL *ssl, X509 **certificate, EVP_PKEY **key) {
  ot_session *session = SSL_get_app_data(ssl);
  (void)certificate;
  (void)key;
  if (session) session->was_asked_for_certificate = true;
  return 0;
}

static bool load_authorities(SSL_CTX *context, const ot_options *options) {
  struct stat status;
  if (!options->ca_file) return SSL_CTX_set_default_verify_paths(context) == 1;
  bool is_folder = stat(options->ca_file, &status) == 0 && S_ISDIR(status.st_mode);
  return SSL_CTX_load_verify_locations(
             context, is_folder ? NULL : options->ca_file, is_folder ? options->ca_file : NULL) == 1;
}

// A passphrase cannot be asked for where nobody sits: such a key is an error.
static int no_passphrase(char *buffer, int room, int writes, void *data) {
  (void)buffer, (void)room, (void)writes, (void)data;
  return -1;
}

static int32_t configure(ot_session *session, const ot_options *options) {
  SSL_CTX *context = session->context;
  SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) return OT_OTHER;
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (options->verifies && !load_authorities(context, options)) return OT_CA_FILE;
  if (options->certificate_file) {
    const char *key = options->key_file ? options->key_file : options->certificate_file;
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate_file) != 1)
      return OT_CERTIFICATE_FILE;
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) return OT_KEY_FILE;
    session->has_certificate = true;
  } else {
    SSL_CTX_set_client_cert_cb(context, on_certificate_request);
  }
  return OT_FINE;
}

static bool is_address(const char *host) {
  unsigned char bytes[sizeof(struct in6_addr)];
  return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static bool prepare(ot_session *session, const ot_options *options) {
  session->ssl = SSL_new(session->context);
  if (!session->ssl) return false;
  session->from_server = BIO_new(BIO_s_mem());
  session->to_server = BIO_new(BIO_s_mem());
  if (!session->from_server || !session->to_server) {
    BIO_free(session->from_server);
    BIO_free(session->to_server);
    return false;
  }
  SSL_set_bio(session->ssl, session->from_server, session->to_server);
  SSL_set_app_data(session->ssl, session);
  SSL_set_connect_state(session->ssl);
  SSL_set_verify(
      session->ssl, options->verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
      options->verifies ? on_certificate : NULL);
  // An address has no place in SNI.
  bool address = is_address(options->host);
  if (!address && SSL_set_tlsext_host_name(session->ssl, options->host) != 1) return false;
  if (!options->verifies || !options->checks_host) return true;
  SSL_set_hostflags(session->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session->ssl), options->host) == 1
                 : SSL_set1_host(session->ssl, options->host) == 1;
}

ot_session *ot_open(const ot_options *options, ot_problem *problem) {
  ERR_clear_error();
  ot_session *session = calloc(1, sizeof *session);
  set_problem(problem, OT_OTHER, "no memory");
  if (!session) return NULL;
  session->context = SSL_CTX_new(TLS_client_method());
  int32_t kind = session->context ? configure(session, options) : OT_OTHER;
  if (kind == OT_FINE && prepare(session, options)) return session;
  set_problem(problem, kind == OT_FINE ? OT_OTHER : kind, take_reason());
  ot_close(session);
  return NULL;
}

void ot_close(ot_session *session) {
  if (!session) return;
  SSL_free(session->ssl);
  SSL_CTX_free(session->context);
  free(session);
}

// What an alert of the server means; a complaint of our own about its certificate comes first.
static void note_failure(ot_session *session) {
  unsigned long error = ERR_peek_error();
  const char *reason = take_reason();
  if (session->problem.kind != OT_FINE) return;
  int32_t kind = OT_OTHER;
  switch (ERR_GET_REASON(error)) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      kind = OT_CERTIFICATE_REQUIRED;
      break;
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      // TLS 1.2 has no alert of its own for this.
      if (session->was_asked_for_certificate) kind = OT_CERTIFICATE_REQUIRED;
      break;
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
      if (session->has_certificate) kind = OT_CERTIFICATE_REFUSED;
      break;
  }
  set_problem(&session->problem, kind, reason);
}

static int32_t outcome(ot_session *session, int result) {
  if (result > 0) return result;
  switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return OT_WANTS_INPUT;
    case SSL_ERROR_ZERO_RETURN:
      return OT_GOODBYE;
    default:
      note_failure(session);
      return OT_FAILED;
  }
}

int32_t ot_handshake(ot_session *session) {
  ERR_clear_error();
  return outcome(session, SSL_do_handshake(session->ssl));
}

int32_t ot_read(ot_session *session, void *bytes, int32_t room) {
  ERR_clear_error();
  return outcome(session, SSL_read(session->ssl, bytes, room));
}

int32_t ot_write(ot_session *session, const void *bytes, int32_t count) {
  ERR_clear_error();
  return outcome(session, SSL_write(session->ssl, bytes, count));
}

int32_t ot_peek(ot_session *session) {
  char byte;
  ERR_clear_error();
  return outcome(session, SSL_peek(session->ssl, &byte, 1));
}

void ot_last_problem(const ot_session *session, ot_problem *problem) {
  *problem = session->problem;
}

bool ot_feed(ot_session *session, const void *bytes, int32_t count) {
  return BIO_write(session->from_server, bytes, count) == count;
}

int32_t ot_take(ot_session *session, void *bytes, int32_t room) {
  int count = BIO_read(session->to_server, bytes, room);
  return count > 0 ? count : 0;
}
