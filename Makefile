# crdb-cert: certificates for CockroachDB on the system's OpenSSL. `make help` lists the targets; developers' are in dev/Makefile.

CARGO ?= cargo#              the cargo to build with
CARGOFLAGS ?=#               extra flags for cargo, such as --features=fips-default
RUSTC_WRAPPER ?= $(CURDIR)/build/rustc#  as for cargo; this one keeps build paths out of the program
PROFILE ?= release#          a cargo profile: release or dev
OFFLINE ?= 0#                1: use no network, and the crates in vendor/ if present
GENERATOR ?= $(BIN)#         for a cross build: a crdb-cert of this version that runs on this machine
DESTDIR ?=#                  prefix for the directories below in install and uninstall
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DOCDIR ?= $(DATADIR)/doc/crdb-cert
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR ?= $(DATADIR)/zsh/site-functions
FISHCOMPDIR ?= $(DATADIR)/fish/vendor_completions.d
INSTALL ?= install

# Where cargo's own configuration puts it.
export CARGO_TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
BIN := $(CARGO_TARGET_DIR)/$(addsuffix /,$(CARGO_BUILD_TARGET))$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/crdb-cert
# Man pages and completions; zsh's is made last.
ASSETS := $(BIN).assets
DOCS := README.md CHANGELOG.md SECURITY.md LICENSE LICENSE-APACHE LICENSE-MIT
# The licences of the linked crates, if the crates are there.
DOCS += $(wildcard vendor/LICENSE-CRATES)
# For --sign-with.
SIGNERS := openbao openssl-ca openbao-policy.hcl
SIGNERDIR := $(DATADIR)/crdb-cert/signers
# The tests of the alert rules stay here.
EXAMPLES := $(wildcard examples/*.* examples/*/* packaging/prometheus/*.service packaging/prometheus/*.timer packaging/prometheus/*.rules.yml)
EXAMPLEDIRS := ansible ops prometheus systemd
OFFLINE_FLAGS := $(if $(filter-out 0,$(OFFLINE)),--offline $(addprefix --config ,$(wildcard vendor/config.toml)))
FLAGS := --locked $(OFFLINE_FLAGS) $(CARGOFLAGS)
# The quickstart's flags, as in CockroachDB's documentation.
DIRS := --certs-dir=certs --ca-key=my-safe-directory/ca.key

ifneq ($(findstring ',$(BIN)$(DESTDIR)$(PREFIX)$(BINDIR)$(DATADIR)$(MANDIR)$(DOCDIR)$(BASHCOMPDIR)$(ZSHCOMPDIR)$(FISHCOMPDIR))$(word 2,$(BIN))$(filter-out /%,$(firstword $(PREFIX)/)),)
    $(error PREFIX is not absolute, or a directory has a ' in its name, or CARGO_TARGET_DIR a space)
endif

.PHONY: all build prerequisites quickstart test check install uninstall clean help
all: build ## Same as build

build: prerequisites ## Build the program, man pages and completions
	RUSTC_WRAPPER='$(RUSTC_WRAPPER)' $(CARGO) build --profile $(PROFILE) $(FLAGS)
	@test -e '$(BIN)' || { echo 'error: cargo put the program elsewhere than $(BIN); instead of build.target in cargo'\''s' \
	    'configuration or --target in CARGOFLAGS set CARGO_BUILD_TARGET' >&2; exit 1; }
	@build/generate '$(ASSETS)' $(GENERATOR)

# This way, `sudo make install` after `make` needs no cargo.
$(ASSETS)/zsh: Cargo.toml Cargo.lock build.rs $(wildcard build/*) $(shell find src -type f)
	$(MAKE) build

prerequisites: ## Install the build's prerequisites, or say what to install
	@OFFLINE='$(OFFLINE)' CARGO='$(CARGO)' build/install-prerequisites

quickstart: build ## Create ./certs with a CA, a node and the client root, and list it
	@mkdir -p -m 700 certs my-safe-directory
	@test -e certs/ca.crt || $(BIN) create-ca $(DIRS)
	@test -e certs/node.crt || $(BIN) create-node "$$(uname -n)" localhost 127.0.0.1 $(DIRS)
	@test -e certs/client.root.crt || $(BIN) create-client root $(DIRS)
	@$(BIN) list --certs-dir=certs

test check: ## Run the tests
	@OFFLINE='$(OFFLINE)' CARGO='$(CARGO)' build/install-prerequisites openssl:openssl
	$(CARGO) test $(FLAGS)

install: $(ASSETS)/zsh ## Install the program, man pages, completions and documentation below $(DESTDIR)$(PREFIX)
	umask 022 && mkdir -p '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(DOCDIR)/docs' \
	    '$(DESTDIR)$(SIGNERDIR)' $(EXAMPLEDIRS:%='$(DESTDIR)$(DOCDIR)/examples/%') \
	    '$(DESTDIR)$(BASHCOMPDIR)' '$(DESTDIR)$(ZSHCOMPDIR)' '$(DESTDIR)$(FISHCOMPDIR)'
	$(INSTALL) -m 755 '$(BIN)' '$(DESTDIR)$(BINDIR)/crdb-cert'
	$(INSTALL) -m 644 '$(ASSETS)'/man/*.1 '$(DESTDIR)$(MANDIR)/man1'
	$(INSTALL) -m 644 $(DOCS) '$(DESTDIR)$(DOCDIR)'
	$(INSTALL) -m 644 docs/*.md docs/*.json '$(DESTDIR)$(DOCDIR)/docs'
	for file in $(EXAMPLES); do $(INSTALL) -m 644 "$$file" '$(DESTDIR)$(DOCDIR)/examples/'"$${file#*/}" || exit 1; done
	$(INSTALL) -m 644 $(SIGNERS:%=contrib/signers/%) '$(DESTDIR)$(SIGNERDIR)'
	chmod 755 '$(DESTDIR)$(SIGNERDIR)/openbao' '$(DESTDIR)$(SIGNERDIR)/openssl-ca'
	$(INSTALL) -m 644 '$(ASSETS)/bash' '$(DESTDIR)$(BASHCOMPDIR)/crdb-cert'
	$(INSTALL) -m 644 '$(ASSETS)/fish' '$(DESTDIR)$(FISHCOMPDIR)/crdb-cert.fish'
	$(INSTALL) -m 644 '$(ASSETS)/zsh' '$(DESTDIR)$(ZSHCOMPDIR)/_crdb-cert'

uninstall: ## Remove what install installed
	rm -f '$(DESTDIR)$(BINDIR)/crdb-cert' '$(DESTDIR)$(MANDIR)/man1/crdb-cert.1' '$(DESTDIR)$(MANDIR)'/man1/crdb-cert-*.1 \
	    '$(DESTDIR)$(BASHCOMPDIR)/crdb-cert' '$(DESTDIR)$(ZSHCOMPDIR)/_crdb-cert' '$(DESTDIR)$(FISHCOMPDIR)/crdb-cert.fish'
	rm -f $(foreach document,$(notdir $(DOCS)) LICENSE-CRATES $(wildcard docs/*.md docs/*.json),'$(DESTDIR)$(DOCDIR)/$(document)')
	rm -f $(SIGNERS:%='$(DESTDIR)$(SIGNERDIR)/%') \
	    $(patsubst packaging/%,'$(DESTDIR)$(DOCDIR)/examples/%',$(EXAMPLES:examples/%='$(DESTDIR)$(DOCDIR)/examples/%'))
	rmdir $(EXAMPLEDIRS:%='$(DESTDIR)$(DOCDIR)/examples/%') '$(DESTDIR)$(DOCDIR)/examples' '$(DESTDIR)$(DOCDIR)/docs' \
	    '$(DESTDIR)$(DOCDIR)' '$(DESTDIR)$(SIGNERDIR)' '$(DESTDIR)$(DATADIR)/crdb-cert' 2>/dev/null || true

clean: ## Remove what the build created
	$(CARGO) clean

help: ## List the targets and the variables they use
	@sed -n 's/^\([a-z]*\)[a-z ]*:.*## \(.*\)/  \1#\2/p' Makefile | awk -F '#' '{ printf "%-20s%s\n", $$1, $$2 }'
	@sed -n 's/^\([A-Z_]*\) ?= *\([^#]*\)#* *\(.*\)/  \1#\2#\3/p' Makefile | awk -F '#' '{ printf "%-20s%-40s%s\n", $$1, $$2, $$3 }'
