import CeleryProtocol

/// The settings of a worker of Celery 5.7 as `conf` tells them when asked for the defaults too.
///
/// In its order, secrets masked as it masks them (innocent names among them), with the bare
/// `Infinity` that Python writes.
enum ConfDefaults {
  private static let events = KeyLayout(database: 0).eventExchange

  static let text = """
    {\
    "accept_content": ["json"], "result_accept_content": null, "enable_utc": true, \
    "imports": [], "include": ["celery.app.builtins", "labapp"], "timezone": null, \
    "beat_enable_remote_control": false, "beat_remote_control_max_tick_age": null, \
    "beat_max_loop_interval": 0, "beat_schedule": {}, \
    "beat_scheduler": "celery.beat:PersistentScheduler", \
    "beat_schedule_filename": "celerybeat-schedule", "beat_sync_every": 0, \
    "beat_cron_starting_deadline": null, "broker_url": "redis://:********@127.0.0.1:7001/0", \
    "broker_read_url": "amqp://guest:********@localhost:5672//", \
    "broker_write_url": "amqp://guest:********@localhost:5672//", "broker_transport": null, \
    "broker_transport_options": {}, "broker_connection_timeout": 4, \
    "broker_connection_retry": true, "broker_connection_retry_on_startup": null, \
    "broker_connection_max_retries": 100, "broker_channel_error_retry": false, \
    "broker_failover_strategy": null, "broker_heartbeat": 120, \
    "broker_heartbeat_checkrate": 3.0, "broker_login_method": null, \
    "broker_native_delayed_delivery_queue_type": "quorum", "broker_pool_limit": 10, \
    "broker_pool_acquire_timeout": null, "broker_use_ssl": false, "broker_host": null, \
    "broker_port": null, "broker_user": null, "broker_password": "********", \
    "broker_vhost": null, "cache_backend": null, "cache_backend_options": {}, \
    "cassandra_entry_ttl": null, "cassandra_keyspace": "********", "cassandra_port": null, \
    "cassandra_read_consistency": null, "cassandra_servers": null, \
    "cassandra_bundle_path": null, "cassandra_table": null, \
    "cassandra_write_consistency": null, "cassandra_auth_provider": null, \
    "cassandra_auth_kwargs": null, "cassandra_options": {}, "s3_access_key_id": "********", \
    "s3_secret_access_key": "********", "s3_bucket": null, "s3_base_path": null, \
    "s3_endpoint_url": null, "s3_region": null, "azureblockblob_container_name": "celery", \
    "azureblockblob_retry_initial_backoff_sec": 2, "azureblockblob_retry_increment_base": 2, \
    "azureblockblob_retry_max_attempts": 3, "azureblockblob_base_path": "", \
    "azureblockblob_connection_timeout": 20, "azureblockblob_read_timeout": 120, \
    "gcs_bucket": null, "gcs_project": null, "gcs_base_path": "", "gcs_ttl": 0, \
    "control_queue_ttl": 300.0, "control_queue_expires": 10.0, \
    "control_queue_exclusive": true, "control_queue_durable": false, \
    "control_exchange": "celery", "couchbase_backend_settings": null, \
    "arangodb_backend_settings": null, "mongodb_backend_settings": null, \
    "cosmosdbsql_database_name": "********", "cosmosdbsql_collection_name": "celerycol", \
    "cosmosdbsql_consistency_level": "Session", "cosmosdbsql_max_retry_attempts": 9, \
    "cosmosdbsql_max_retry_wait_time": 30, "event_queue_expires": 60.0, \
    "event_queue_ttl": 5.0, "event_queue_prefix": "\(events)", "event_queue_exclusive": true, \
    "event_queue_durable": false, "event_serializer": "json", "event_exchange": "\(events)", \
    "redis_backend_use_ssl": null, "redis_db": null, "redis_host": null, \
    "redis_max_connections": null, "redis_username": null, "redis_password": "********", \
    "redis_port": null, "redis_socket_timeout": 120.0, "redis_socket_connect_timeout": null, \
    "redis_retry_on_timeout": false, "redis_socket_keepalive": false, \
    "result_backend": "redis://127.0.0.1:7001/1", "result_cache_max": -1, \
    "result_compression": null, "result_exchange": "celeryresults", \
    "result_exchange_type": "direct", "result_expires": "1 day, 0:00:00", \
    "result_chord_expires": null, "result_failure_expires": null, "result_persistent": null, \
    "result_extended": false, "result_serializer": "json", \
    "result_backend_transport_options": {}, "result_chord_retry_interval": 1.0, \
    "result_chord_join_timeout": 3.0, "result_backend_max_sleep_between_retries_ms": 10000, \
    "result_backend_max_retries": Infinity, \
    "result_backend_base_sleep_between_retries_ms": 10, "result_backend_always_retry": false, \
    "elasticsearch_retry_on_timeout": null, "elasticsearch_max_retries": null, \
    "elasticsearch_timeout": null, "elasticsearch_save_meta_as_text": true, \
    "security_certificate": null, "security_cert_store": null, "security_key": "********", \
    "security_key_password": "********", "security_digest": "sha256", \
    "database_url": "********", \
    "database_engine_options": {"pool_pre_ping": true, "pool_recycle": 3600}, \
    "database_engine_callback": "********", "database_short_lived_sessions": "********", \
    "database_table_schemas": "********", "database_table_names": "********", \
    "database_create_tables_at_setup": "********", "task_acks_late": false, \
    "task_acks_on_failure_or_timeout": true, "task_acks_on_failure": null, \
    "task_acks_on_timeout": null, "task_always_eager": false, "task_annotations": null, \
    "task_compression": null, "task_create_missing_queues": true, \
    "task_create_missing_queue_type": "classic", \
    "task_create_missing_queue_exchange_type": null, "task_inherit_parent_priority": false, \
    "task_default_delivery_mode": 2, "task_default_queue": "celery", \
    "task_default_queue_type": "classic", "task_default_exchange": null, \
    "task_default_exchange_type": "direct", "task_default_routing_key": "********", \
    "task_default_rate_limit": null, "task_default_priority": null, \
    "task_eager_propagates": false, "task_ignore_result": false, \
    "task_store_eager_result": false, "task_protocol": 2, "task_publish_retry": true, \
    "task_publish_retry_policy": {"max_retries": 3, "interval_start": 0, "interval_max": 1, \
    "interval_step": 0.2}, "task_queues": null, "task_queue_max_priority": null, \
    "task_reject_on_worker_lost": null, "task_retry_on_worker_lost": false, \
    "task_remote_tracebacks": false, "task_repr_maxlevels": 3, "task_routes": null, \
    "task_send_sent_event": false, "task_serializer": "json", "task_soft_time_limit": null, \
    "task_time_limit": null, "task_store_errors_even_if_ignored": false, \
    "task_track_started": false, "task_allow_error_cb_on_chord_header": false, \
    "worker_agent": null, "worker_autoscaler": "celery.worker.autoscale:Autoscaler", \
    "worker_cancel_long_running_tasks_on_connection_loss": false, \
    "worker_soft_shutdown_timeout": 0.0, "worker_enable_soft_shutdown_on_idle": false, \
    "worker_concurrency": null, "worker_consumer": "celery.worker.consumer:Consumer", \
    "worker_direct": false, "worker_disable_rate_limits": false, \
    "worker_deduplicate_successful_tasks": false, "worker_enable_remote_control": true, \
    "worker_hijack_root_logger": true, "worker_log_color": null, "worker_log_datefmt": null, \
    "worker_log_format": "[%(asctime)s: %(levelname)s/%(processName)s] %(message)s", \
    "worker_lost_wait": 10.0, "worker_max_memory_per_child": null, \
    "worker_max_tasks_per_child": null, "worker_pool": "prefork", \
    "worker_pool_putlocks": true, "worker_pool_restarts": false, \
    "worker_pool_start_method": "fork", "worker_proc_alive_timeout": 4.0, \
    "worker_prefetch_multiplier": 4, "worker_eta_task_limit": null, \
    "worker_enable_prefetch_count_reduction": true, "worker_disable_prefetch": false, \
    "worker_redirect_stdouts": true, "worker_redirect_stdouts_level": "WARNING", \
    "worker_send_task_events": false, "worker_state_db": null, \
    "worker_task_log_datefmt": null, \
    "worker_task_log_format": "[%(asctime)s: %(levelname)s/%(processName)s] \
    %(task_name)s[%(task_id)s]: %(message)s", "worker_timer": null, \
    "worker_timer_precision": 1.0, "worker_detect_quorum_queues": true, \
    "deprecated_settings": "set()"\
    }
    """

  /// What is set to something else in place of the default, what has no default behind.
  static func members(setting changes: [JSONMember]) -> [JSONMember] {
    var changes = changes
    var members = (try? JSONValue(decoding: Array(text.utf8)))?.members ?? []
    for index in members.indices {
      guard let change = changes.firstIndex(where: { $0.key == members[index].key }) else {
        continue
      }
      members[index] = changes.remove(at: change)
    }
    return members + changes
  }
}
