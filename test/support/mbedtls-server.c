/* A TLS server with mbedTLS' defaults: mbedtls-server PORT CURVE|any CHAIN.pem KEY.pem [CHAIN.pem KEY.pem] */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <signal.h>
#include <string.h>

int main(int argc, char **argv) {
  static mbedtls_x509_crt chain[2];
  static mbedtls_pk_context key[2];
  static const mbedtls_ecp_group_id p521[] = {MBEDTLS_ECP_DP_SECP521R1, MBEDTLS_ECP_DP_NONE};
  mbedtls_net_context listener, client;
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_ssl_config config;

  signal(SIGPIPE, SIG_IGN);
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&random);
  mbedtls_ssl_config_init(&config);
  mbedtls_net_init(&listener);
  if (mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0)) return 2;
  if (mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                  MBEDTLS_SSL_PRESET_DEFAULT))
    return 3;
  mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
  if (!strcmp(argv[2], "P-521")) mbedtls_ssl_conf_curves(&config, p521);
  for (int i = 0; 3 + 2 * i + 1 < argc; i++) {
    mbedtls_x509_crt_init(&chain[i]);
    mbedtls_pk_init(&key[i]);
    if (mbedtls_x509_crt_parse_file(&chain[i], argv[3 + 2 * i])) return 4;
    if (mbedtls_pk_parse_keyfile(&key[i], argv[4 + 2 * i], NULL)) return 5;
    if (mbedtls_ssl_conf_own_cert(&config, &chain[i], &key[i])) return 6;
  }
  if (mbedtls_net_bind(&listener, "127.0.0.1", argv[1], MBEDTLS_NET_PROTO_TCP)) return 7;
  for (;;) {
    mbedtls_ssl_context ssl;
    mbedtls_net_init(&client);
    mbedtls_ssl_init(&ssl);
    if (mbedtls_net_accept(&listener, &client, NULL, 0, NULL) == 0 && mbedtls_ssl_setup(&ssl, &config) == 0) {
      mbedtls_ssl_set_bio(&ssl, &client, mbedtls_net_send, mbedtls_net_recv, NULL);
      mbedtls_ssl_handshake(&ssl);
    }
    mbedtls_ssl_free(&ssl);
    mbedtls_net_free(&client);
  }
}
