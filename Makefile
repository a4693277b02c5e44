# crdb-cert: certificates for CockroachDB on the system's OpenSSL. `make help` lists the targets.

CARGO ?= cargo#              the cargo to build with
CARGOFLAGS ?=#               more flags for cargo, such as --features=fips-default
RUSTC_WRAPPER ?= $(CURDIR)/build/rustc#  as cargo's; this one leaves paths out of the program
PROFILE ?= release#          a cargo profile: release or dev
OFFLINE ?= 0#                1: use no network, and the crates in vendor/ if they are there
DESTDIR ?=#                  goes before the directories below in install and uninstall
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DOCDIR ?= $(DATADIR)/doc/crdb-cert
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR ?= $(DATADIR)/zsh/site-functions
FISHCOMPDIR ?= $(DATADIR)/fish/vendor_completions.d
DISTDIR ?= $(TARGET)/dist#   where dist writes; all times in it are SOURCE_DATE_EPOCH
INSTALL ?= install

TARGET := $(or $(CARGO_TARGET_DIR),target)
# Wherever cargo's own configuration would put it.
export CARGO_TARGET_DIR := $(TARGET)

ifneq ($(words $(TARGET)),1)
    $(error CARGO_TARGET_DIR has a space in it: '$(TARGET)')
endif
ifeq ($(filter 0 1,$(OFFLINE)),)
    $(error OFFLINE is 0 or 1, not '$(OFFLINE)')
endif
ifneq ($(findstring ',$(DESTDIR)$(PREFIX)$(BINDIR)$(DATADIR)$(MANDIR)$(DOCDIR)$(BASHCOMPDIR)$(ZSHCOMPDIR)$(FISHCOMPDIR)),)
    $(error DESTDIR, PREFIX or another directory has a ' in it)
endif
ifeq ($(filter /%,$(firstword $(PREFIX)/)),)
    $(error PREFIX is no absolute path: '$(PREFIX)')
endif

BIN := $(TARGET)/$(addsuffix /,$(CARGO_BUILD_TARGET))$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/crdb-cert
ASSETS := $(TARGET)/assets
DOCS := README.md CHANGELOG.md SECURITY.md LICENSE LICENSE-APACHE LICENSE-MIT
# The licences of the crates that are part of the program, where the crates are.
DOCS += $(wildcard vendor/LICENSE-CRATES)
OFFLINE_FLAG := $(if $(filter 1,$(OFFLINE)),--offline)
FLAGS := --locked $(OFFLINE_FLAG) $(if $(OFFLINE_FLAG),$(addprefix --config ,$(wildcard vendor/config.toml))) $(CARGOFLAGS)

# Where tests/fips/install-modules puts OpenSSL's modules and configurations.
FIPS_DIR := $(or $(CRDB_CERT_FIPS_DIR),$(abspath $(TARGET))/fips)
OLDEST_RUST := $(shell sed -n 's/^rust-version = "\(.*\)"/\1.0/p' Cargo.toml)
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(notdir $(wildcard fuzz/seeds/*))

# The quickstart's flags, as in CockroachDB's documents.
DIRS := --certs-dir=certs --ca-key=my-safe-directory/ca.key

.PHONY: all build prerequisites quickstart test check test-interop test-faults test-fips test-packaging test-oldest-rust test-distros fuzz lint \
    install uninstall vendor dist clean distclean help
.DEFAULT_GOAL := all

all: build ## Same as build

build: prerequisites ## Build the program, its man pages and completions
	RUSTC_WRAPPER='$(RUSTC_WRAPPER)' CRDB_CERT_ASSETS_DIR='$(abspath $(ASSETS))' \
	    $(CARGO) build --profile $(PROFILE) $(FLAGS)
	@test -e '$(BIN)' || { echo 'error: cargo put the program elsewhere than $(BIN); instead of build.target in cargo'\''s' \
	    'configuration or --target in CARGOFLAGS set CARGO_BUILD_TARGET' >&2; exit 1; }
	@touch '$(BIN)' '$(ASSETS)/man/crdb-cert.1'

# So that `sudo make install` after `make` needs no cargo.
$(BIN) $(ASSETS)/man/crdb-cert.1: Cargo.toml Cargo.lock build.rs $(wildcard build/*) $(shell find src -type f)
	$(MAKE) build

prerequisites: ## Install what the build needs besides a Rust toolchain, or say what to install
	@OFFLINE='$(OFFLINE)' CARGO='$(CARGO)' build/install-prerequisites

quickstart: build ## Make ./certs with a CA, a node and the client root, and list it
	@mkdir -p -m 700 certs my-safe-directory
	@test -e certs/ca.crt || $(BIN) create-ca $(DIRS)
	@test -e certs/node.crt || $(BIN) create-node "$$(uname -n)" localhost 127.0.0.1 $(DIRS)
	@test -e certs/client.root.crt || $(BIN) create-client root $(DIRS)
	@$(BIN) list --certs-dir=certs

test: prerequisites ## Run the tests
	@command -v openssl >/dev/null || OFFLINE='$(OFFLINE)' build/install-prerequisites openssl
	$(CARGO) test $(FLAGS)

check: test ## Same as test

test-interop: prerequisites ## Run the tests against OpenSSL, GnuTLS, NSS, Go, Java, Python, OpenLDAP and PostgreSQL; installs them
	tests/interop/install-peers
	$(CARGO) test $(FLAGS) --test interop

test-faults: prerequisites ## Kill the program, and make system calls fail, at every point of every command; installs strace
	@command -v strace >/dev/null || build/install-prerequisites strace
	$(CARGO) test $(FLAGS) --test faults -- --nocapture

test-fips: prerequisites ## Run all tests on OpenSSL's FIPS provider, and those with CA keys in a token; installs them
	tests/fips/install-modules
	$(CARGO) test $(FLAGS) --test fips
	OPENSSL_CONF='$(FIPS_DIR)/fips.cnf' OPENSSL_MODULES="$$(cat '$(FIPS_DIR)/modules')" CRDB_CERT_FIPS=1 \
	    $(CARGO) test $(FLAGS) --test cli

fuzz: prerequisites ## Fuzz each parser for FUZZ_SECONDS; needs a nightly compiler and cargo-fuzz
	@command -v cargo-fuzz >/dev/null || { echo 'error: missing: cargo-fuzz; run: $(CARGO) install cargo-fuzz' >&2; exit 1; }
	@set -e; for target in $(FUZZ_TARGETS); do \
	    echo "== $$target, $(FUZZ_SECONDS) s"; \
	    mkdir -p fuzz/corpus/$$target; \
	    $(CARGO) +nightly fuzz run $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
	        -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1; \
	done

lint: prerequisites ## Check format, clippy, documentation, and dependencies if cargo-deny is there
	$(CARGO) fmt --check
	$(CARGO) clippy $(FLAGS) --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc $(FLAGS) --no-deps --document-private-items
	@if command -v cargo-deny >/dev/null; then build/check-dependencies; \
	else echo 'cargo-deny is not installed: dependencies are not checked'; fi

test-packaging: prerequisites ## Test install, uninstall, dist, an offline build of what dist wrote, and the program's hardening
	tests/packaging/install-tools
	$(MAKE) build
	if [ "$$(id -u)" -eq 0 ] && command -v apparmor_parser >/dev/null; then \
	    $(if $(wildcard $(FIPS_DIR)/modules),CRDB_CERT_FIPS_DIR='$(FIPS_DIR)') tests/packaging/check-apparmor '$(BIN)'; \
	else echo 'The AppArmor profile is not checked: that takes root, and apparmor_parser'; fi
	CRDB_CERT_PROGRAM='$(abspath $(BIN))' $(CARGO) test $(FLAGS) --test packaging -- --nocapture

test-oldest-rust: prerequisites ## Compile everything with the oldest Rust that will do, if rustup has it or can get it
	@[ '$(OFFLINE)' = 1 ] || rustup toolchain install $(OLDEST_RUST) --profile minimal || true
	@if rustup run $(OLDEST_RUST) cargo --version 2>/dev/null; then \
	    CARGO_TARGET_DIR='$(TARGET)/oldest-rust' rustup run $(OLDEST_RUST) cargo check $(FLAGS) --all-targets; \
	else echo 'Rust $(OLDEST_RUST) is not here: not compiled with it (make test-distros does that)'; fi

test-distros: dist ## Build, install and purge packages in fresh Debian 12 and 13 roots; needs root, and a network for debootstrap
	tests/distros/run '$(DISTDIR)'

install: $(BIN) $(ASSETS)/man/crdb-cert.1 ## Install program, man pages, completions and documents below $(DESTDIR)$(PREFIX)
	umask 022 && mkdir -p '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(DOCDIR)/docs' \
	    '$(DESTDIR)$(BASHCOMPDIR)' '$(DESTDIR)$(ZSHCOMPDIR)' '$(DESTDIR)$(FISHCOMPDIR)'
	$(INSTALL) -m 755 '$(BIN)' '$(DESTDIR)$(BINDIR)/crdb-cert'
	$(INSTALL) -m 644 '$(ASSETS)'/man/*.1 '$(DESTDIR)$(MANDIR)/man1'
	$(INSTALL) -m 644 $(DOCS) '$(DESTDIR)$(DOCDIR)'
	$(INSTALL) -m 644 docs/*.md '$(DESTDIR)$(DOCDIR)/docs'
	$(INSTALL) -m 644 '$(ASSETS)/completions/crdb-cert.bash' '$(DESTDIR)$(BASHCOMPDIR)/crdb-cert'
	$(INSTALL) -m 644 '$(ASSETS)/completions/_crdb-cert' '$(DESTDIR)$(ZSHCOMPDIR)/_crdb-cert'
	$(INSTALL) -m 644 '$(ASSETS)/completions/crdb-cert.fish' '$(DESTDIR)$(FISHCOMPDIR)/crdb-cert.fish'

uninstall: ## Remove what install put there
	rm -f '$(DESTDIR)$(BINDIR)/crdb-cert' '$(DESTDIR)$(MANDIR)/man1/crdb-cert.1' '$(DESTDIR)$(MANDIR)'/man1/crdb-cert-*.1 \
	    '$(DESTDIR)$(BASHCOMPDIR)/crdb-cert' '$(DESTDIR)$(ZSHCOMPDIR)/_crdb-cert' '$(DESTDIR)$(FISHCOMPDIR)/crdb-cert.fish'
	rm -f $(foreach document,$(notdir $(DOCS)) LICENSE-CRATES $(wildcard docs/*.md),'$(DESTDIR)$(DOCDIR)/$(document)')
	rmdir '$(DESTDIR)$(DOCDIR)/docs' '$(DESTDIR)$(DOCDIR)' 2>/dev/null || true

vendor: ## Fetch the third-party crates of Cargo.lock into vendor/, for OFFLINE=1
	CARGO='$(CARGO)' build/vendor vendor $(OFFLINE_FLAG)
	@touch vendor/.fetched

dist: ## Write a release into $(DISTDIR): the source, the third-party crates, an SBOM
	CARGO='$(CARGO)' build/dist '$(DISTDIR)' $(OFFLINE_FLAG)

clean: ## Remove what the build made
	$(CARGO) clean

# In an unpacked release the crates are part of it; debhelper begins every build with this.
distclean: clean ## Remove what vendor fetched, too
	if [ -e vendor/.fetched ]; then rm -rf vendor/crates vendor/LICENSE-CRATES vendor/config.toml vendor/.fetched; fi

help: ## List the targets, and the variables they heed
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1#\2/p' Makefile | awk -F '#' '{ printf "  %-18s%s\n", $$1, $$2 }'
	@sed -n 's/^\([A-Z_]*\) ?= *\([^#]*\)#* *\(.*\)/\1#\2#\3/p' Makefile | awk -F '#' '{ printf "  %-18s%-40s%s\n", $$1, $$2, $$3 }'
