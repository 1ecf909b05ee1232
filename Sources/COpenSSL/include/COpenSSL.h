#pragma once
#include <stdbool.h>
#include <stdint.h>

// The client's side of TLS as bytes in and bytes out: it owns no socket, so that waiting, deadlines
// and SIGPIPE stay with the transport beneath. No header of OpenSSL is included here, so that its
// macros stay out of everything that imports this.

typedef struct ot_session ot_session;

// File names may be NULL; `host` is the name or address to ask for and to find in the certificate.
typedef struct {
  const char *ca_file;  // NULL: the system's store. A folder of hashed certificates will do as well.
  const char *certificate_file;
  const char *key_file;  // NULL: in certificate_file
  const char *host;
  bool verifies;
  bool checks_host;
} ot_options;

// What is wrong, and the text that belongs to it, empty where there is none.
enum {
  OT_FINE = 0,
  OT_CA_FILE = 1,
  OT_CERTIFICATE_FILE = 2,
  OT_KEY_FILE = 3,
  OT_UNKNOWN_AUTHORITY = 4,      // text: the issuer
  OT_SELF_SIGNED = 5,            // text: the subject
  OT_EXPIRED = 6,                // text: when
  OT_NOT_YET_VALID = 7,          // text: from when on
  OT_WRONG_HOST = 8,             // text: the names the certificate has
  OT_OTHER_CERTIFICATE = 9,      // text: OpenSSL's
  OT_CERTIFICATE_REQUIRED = 10,  // by the server, and we had none
  OT_CERTIFICATE_REFUSED = 11,   // ours, by the server; text: OpenSSL's
  OT_OTHER = 12                  // text: OpenSSL's
};
typedef struct {
  int32_t kind;
  char text[512];
} ot_problem;

// NULL where the options do not work, with the problem.
ot_session *ot_open(const ot_options *options, ot_problem *problem);
void ot_close(ot_session *session);

// What these give, besides a count of bytes: more bytes from the server are wanted, the server has
// said goodbye, or it is over and ot_last_problem says why.
enum { OT_WANTS_INPUT = -1, OT_GOODBYE = -2, OT_FAILED = -3 };
int32_t ot_handshake(ot_session *session);  // 1 when done
int32_t ot_read(ot_session *session, void *bytes, int32_t room);
int32_t ot_write(ot_session *session, const void *bytes, int32_t count);
int32_t ot_peek(ot_session *session);
void ot_last_problem(const ot_session *session, ot_problem *problem);

// Bytes from the server's socket; false where there is no memory for them.
bool ot_feed(ot_session *session, const void *bytes, int32_t count);
// Takes bytes for the server's socket, at most `room`; 0 where there are none.
int32_t ot_take(ot_session *session, void *bytes, int32_t room);
