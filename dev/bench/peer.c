/* What `list`, `verify`, start-up and RSA keys are measured against, with nothing but OpenSSL's libraries:
 *
 *   peer make DIR N   write N pairs, client.user<i>.crt and .key, signed by DIR/ca.crt and ca.key beside DIR
 *   peer read DIR     open and read every file
 *   peer parse DIR    the same, and have OpenSSL parse each certificate and key
 *   peer check DIR    open and read every file, parse each certificate, and check the CA's signature on it
 *   peer start        load and initialise OpenSSL
 *
 * Built as a shared library with -DKEYGEN and preloaded, it appends the nanoseconds that each generation of a key takes to
 * the file named by KEYGEN_LOG.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#ifdef KEYGEN

static int timed(const char *name, EVP_PKEY_CTX *ctx, EVP_PKEY **key)
{
	int (*next)(EVP_PKEY_CTX *, EVP_PKEY **) = dlsym(RTLD_NEXT, name);
	static int depth; /* EVP_PKEY_keygen may call EVP_PKEY_generate. */
	struct timespec from, to;

	if (depth)
		return next(ctx, key);
	depth++;
	clock_gettime(CLOCK_MONOTONIC, &from);
	int ok = next(ctx, key);
	clock_gettime(CLOCK_MONOTONIC, &to);
	depth--;
	FILE *log = fopen(getenv("KEYGEN_LOG"), "a");
	fprintf(log, "%lld\n", (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec);
	fclose(log);
	return ok;
}

int EVP_PKEY_generate(EVP_PKEY_CTX *ctx, EVP_PKEY **key) { return timed("EVP_PKEY_generate", ctx, key); }
int EVP_PKEY_keygen(EVP_PKEY_CTX *ctx, EVP_PKEY **key) { return timed("EVP_PKEY_keygen", ctx, key); }

#else

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static FILE *file(const char *dir, const char *name, const char *mode)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *opened = fopen(path, mode);
	if (!opened)
		fail(path);
	return opened;
}

static void extension(X509 *cert, X509 *ca, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, ca, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
}

static void make(const char *dir, long count)
{
	FILE *in = file(dir, "ca.crt", "r");
	X509 *ca = PEM_read_X509(in, NULL, NULL, NULL);
	fclose(in);
	in = file(dir, "../ca.key", "r");
	EVP_PKEY *ca_key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
	fclose(in);

	for (long i = 0; i < count; i++) {
		char user[32], name[64];
		snprintf(user, sizeof user, "user%06ld", i);
		EVP_PKEY *key = EVP_EC_gen("P-256");
		X509 *cert = X509_new();
		X509_set_version(cert, X509_VERSION_3);
		ASN1_INTEGER_set(X509_get_serialNumber(cert), 1000000 + i);
		X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
		X509_gmtime_adj(X509_getm_notAfter(cert), 5 * 365 * 86400L);
		X509_set_pubkey(cert, key);
		X509_NAME *subject = X509_get_subject_name(cert);
		X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const unsigned char *)"Cockroach", -1, -1, 0);
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)user, -1, -1, 0);
		X509_set_issuer_name(cert, X509_get_subject_name(ca));
		extension(cert, ca, NID_key_usage, "critical,digitalSignature");
		extension(cert, ca, NID_ext_key_usage, "clientAuth");
		extension(cert, ca, NID_authority_key_identifier, "keyid:always");
		X509_sign(cert, ca_key, EVP_sha256());

		snprintf(name, sizeof name, "client.%s.crt", user);
		FILE *out = file(dir, name, "w");
		PEM_write_X509(out, cert);
		fclose(out);
		snprintf(name, sizeof name, "client.%s.key", user);
		out = file(dir, name, "w");
		fchmod(fileno(out), 0600);
		/* SEC 1, as cockroach cert and crdb-cert write it. */
		BIO *bio = BIO_new_fp(out, BIO_CLOSE);
		PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL);
		BIO_free(bio);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
}

enum what { READ, PARSE, CHECK };

static void look(const char *dir, enum what what)
{
	static char contents[1 << 16];
	struct dirent *entry;
	DIR *open_dir = opendir(dir);

	if (!open_dir)
		fail(dir);
	FILE *in = file(dir, "ca.crt", "r");
	X509 *ca = PEM_read_X509(in, NULL, NULL, NULL);
	fclose(in);
	while ((entry = readdir(open_dir))) {
		struct stat stat;
		int fd = openat(dirfd(open_dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &stat) < 0)
			fail(entry->d_name);
		ssize_t length = S_ISREG(stat.st_mode) ? read(fd, contents, sizeof contents) : 0;
		close(fd);
		int is_key = strstr(entry->d_name, ".key") != NULL;
		if (what == READ || (what == CHECK && is_key) || length <= 0)
			continue;
		BIO *bio = BIO_new_mem_buf(contents, length);
		if (is_key) {
			EVP_PKEY_free(PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL));
		} else {
			X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
			if (what == CHECK && X509_verify(cert, X509_get0_pubkey(ca)) != 1)
				fail(entry->d_name);
			X509_free(cert);
		}
		BIO_free(bio);
	}
	X509_free(ca);
	closedir(open_dir);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "make"))
		make(argv[2], atol(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "read"))
		look(argv[2], READ);
	else if (argc == 3 && !strcmp(argv[1], "parse"))
		look(argv[2], PARSE);
	else if (argc == 3 && !strcmp(argv[1], "check"))
		look(argv[2], CHECK);
	else if (argc == 2 && !strcmp(argv[1], "start"))
		return !OPENSSL_init_ssl(0, NULL);
	else
		return fputs("usage: peer make DIR N | read DIR | parse DIR | check DIR | start\n", stderr), 2;
	return 0;
}

#endif
