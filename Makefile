# mod_syncml: two Apache httpd modules, a command line tool and their tests.
#
#   make            build the modules and bin/syncmlctl
#   make run        install what is missing, build, start httpd
#   make demo       the whole story with a real client
#   make check      all tests
#   make help       every target
#
# VARIANT=asan|cov|clang|analyze|fuzz builds the same tree with sanitizers,
# coverage, another compiler... in a directory of its own, build/VARIANT.

APXS      ?= $(firstword $(wildcard /usr/bin/apxs /usr/bin/apxs2) apxs)
PKGCONFIG ?= pkg-config
VARIANT   ?=
B         := build$(if $(VARIANT),/$(VARIANT))
BIN       := $(if $(VARIANT),$(B)/)bin
JOBS      ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS ?= 60
# V=1 shows the commands.
Q         := $(if $(V),,@)
say        = $(if $(V),,@echo '  $(1)	$@')
ifneq ($(filter clang fuzz,$(VARIANT)),)
CC        := clang
endif

# ---- flags ---------------------------------------------------------------
# Nothing here may fail where the tools are missing: `make run' starts there.
HTTPD_INC := $(shell $(APXS) -q INCLUDEDIR 2>/dev/null)
APR_FLAGS := $(shell apr-1-config --includes --cppflags 2>/dev/null)
PKGS      := libxml-2.0 sqlite3 libcrypto libcurl libpcre2-8 apr-util-1
# As system headers: their warnings are not ours to mend.
PKG_FLAGS := $(patsubst -I%,-isystem %,\
             $(shell $(PKGCONFIG) --cflags $(PKGS) 2>/dev/null))
PKG_LIBS  := $(shell $(PKGCONFIG) --libs $(PKGS) 2>/dev/null) \
             $(shell apr-1-config --link-ld --libs 2>/dev/null)

WARN  := -Wall -Wextra -Werror -Wformat=2 -Wshadow -Wstrict-prototypes \
         -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
         -Wvla -Wundef -Wno-unused-parameter
ifneq ($(findstring clang,$(CC)),)
WARN  += -Wno-cast-qual         # APR's ring macros, as clang sees them
endif
OPT   ?= -O2
HARD  := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIC \
         -fvisibility=hidden -fno-strict-aliasing -fstack-clash-protection
LHARD := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
ifeq ($(VARIANT),asan)
OPT   := -O1 -fno-omit-frame-pointer
HARD  := -fPIC -fvisibility=hidden -fsanitize=address,undefined \
         -fno-sanitize-recover=undefined
LHARD := -fsanitize=address,undefined
endif
ifeq ($(VARIANT),fuzz)
OPT   := -O1 -fno-omit-frame-pointer
HARD  := -fPIC -fvisibility=hidden -fno-sanitize-recover=undefined \
         -fsanitize=fuzzer-no-link,address,undefined
LHARD := -fsanitize=fuzzer,address,undefined
endif
ifeq ($(VARIANT),cov)
OPT   := -O0 --coverage -DSYNCML_COVERAGE
HARD  := -fPIC -fvisibility=hidden
LHARD := --coverage
endif
ifeq ($(VARIANT),analyze)
OPT   := -O1 -fanalyzer
endif
CSTD  := -std=gnu11 -g -pthread
CPPF  := -I. $(APR_FLAGS) $(PKG_FLAGS) -D_GNU_SOURCE
ALL_CFLAGS = $(CSTD) $(OPT) $(WARN) $(HARD) $(CPPF) $(CFLAGS)

# ---- what is built --------------------------------------------------------
# Rooms that know nothing of httpd are archives; the glue is linked into the
# modules.  syncml_* and mod_* files are glue, glue_* in push/ likewise.
ROOMS    := codec item store push
GLUE     := $(wildcard mod_syncml/mod_syncml.c mod_syncml/syncml_*.c)
GLUE_P   := $(wildcard mod_syncml_push.c push/glue_*.c)
ENGINE   := $(wildcard mod_syncml/sml.c mod_syncml/sml_*.c)
CTL      := $(wildcard syncmlctl/*.c)
room_src  = $(filter-out $(wildcard $(1)/glue_*.c),$(wildcard $(1)/*.c))
obj       = $(patsubst %.c,$(B)/%.o,$(1))

LIBS_A   := $(foreach r,$(ROOMS),$(B)/lib$(r).a) $(B)/libsml.a
GROUP     = -Wl,--start-group $(LIBS_A) -Wl,--end-group

MODULES  := $(if $(GLUE),$(B)/mod_syncml.so) \
            $(if $(GLUE_P),$(B)/mod_syncml_push.so)
PROGRAMS := $(if $(CTL),$(BIN)/syncmlctl)
UNIT     := $(patsubst t/unit/%.c,$(B)/t/%,$(wildcard t/unit/test_*.c))
FUZZ_SRC := $(wildcard t/fuzz/fuzz_*.c)
FUZZERS  := $(patsubst t/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))
REPLAYS  := $(patsubst t/fuzz/fuzz_%.c,$(B)/t/replay_%,$(FUZZ_SRC))
SOURCES  := $(foreach r,$(ROOMS),$(call room_src,$(r))) \
            $(ENGINE) $(GLUE) $(GLUE_P) $(CTL)

all: $(MODULES) $(PROGRAMS)

# Which files there are is a dependency too: an archive forgets what is gone.
$(B)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(SOURCES)' | cmp -s - $@ || echo '$(SOURCES)' > $@

define room_rule
$(B)/lib$(1).a: $(call obj,$(call room_src,$(1))) $(B)/sources
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)$(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))
$(B)/libsml.a: $(call obj,$(ENGINE)) $(B)/sources
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

# The compiler's command line is a dependency: other flags, other objects.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ \
	    || echo '$(CC) $(ALL_CFLAGS)' > $@

$(call obj,$(GLUE) $(GLUE_P)): \
    private CPPF += $(addprefix -isystem ,$(HTTPD_INC))

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The memory store knows a row by its middle, and iconv_open() fails with -1,
# not NULL, which look like leaks.
$(B)/store/store_memory.o $(B)/item/item_charset.o: private WARN += \
    $(if $(filter analyze,$(VARIANT)),-Wno-analyzer-malloc-leak)

# For Debian's SyncEvolution client: see the file.
client-repair: build/syncevo_curlfix.so
	@:
build/syncevo_curlfix.so: t/lib/syncevo_curlfix.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra -fPIC -shared -o $@ $< -ldl

# The only symbol a module exports is its module structure.
$(B)/%.map:
	@mkdir -p $(@D)
	@echo '{ global: $(MODSYM); local: *; };' > $@
$(B)/mod_syncml.map: MODSYM := syncml_module
$(B)/mod_syncml_push.map: MODSYM := syncml_push_module

# nodelete: httpd unloads and loads its modules once at start, and what lives
# in the process pool must still find its code.
# Linked beside its name and moved there: httpd may be running with the old.
SO_LINK = $(CC) -shared $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -Wl,-z,nodelete \
          -Wl,--version-script=$(@:.so=.map) -o $@.new
$(B)/mod_syncml.so: $(call obj,$(GLUE)) $(LIBS_A) $(B)/mod_syncml.map
	$(call say,LD)
	$(Q)$(SO_LINK) $(call obj,$(GLUE)) $(GROUP) $(PKG_LIBS)
	@mv $@.new $@
$(B)/mod_syncml_push.so: $(call obj,$(GLUE_P)) $(LIBS_A) $(B)/mod_syncml_push.map
	$(call say,LD)
	$(Q)$(SO_LINK) $(call obj,$(GLUE_P)) $(GROUP) $(PKG_LIBS)
	@mv $@.new $@

$(BIN)/syncmlctl: $(call obj,$(CTL)) $(LIBS_A)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -pie -o $@.new \
	    $(call obj,$(CTL)) $(GROUP) $(PKG_LIBS)
	@mv $@.new $@

# Test programs know the whole library, cmocka, and libwbxml as the oracle.
$(B)/t/test_%: $(B)/t/unit/test_%.o $(LIBS_A)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -o $@ $< $(GROUP) \
	    -lcmocka -lwbxml2 $(PKG_LIBS)

# A fuzzer's corpus as a test program, built by any compiler.
$(B)/t/replay_%: $(B)/t/fuzz/fuzz_%.o $(B)/t/fuzz/replay.o $(LIBS_A)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -o $@ $< $(B)/t/fuzz/replay.o \
	    $(GROUP) $(PKG_LIBS)
$(B)/fuzz/%: $(B)/t/fuzz/%.o $(LIBS_A)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -o $@ $< $(GROUP) $(PKG_LIBS)
# Measures written in C.
BENCHES := $(patsubst bench/%.c,$(B)/bench/%,$(wildcard bench/bench_*.c))
# libical is no part of the product: it is what the tests hold ours against.
ICAL_USERS := $(B)/bench/bench_form $(B)/fidelity/expand $(B)/t/test_item_zone \
              $(B)/t/test_item_recur $(B)/t/test_item_icalvcal
$(ICAL_USERS): private PKG_LIBS += -lical
$(B)/bench/bench_form $(B)/t/test_item_icalvcal: private \
    PKG_LIBS += -licalvcal
$(BENCHES): $(B)/bench/%: $(B)/bench/%.o $(LIBS_A)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -o $@ $< $(GROUP) $(PKG_LIBS)
.SECONDARY:

# The engine for scripts/fidelity, and an expander of recurrences that knows
# libical only.
FIDELITY := $(B)/fidelity/world $(B)/fidelity/expand
$(B)/fidelity/world: $(B)/t/fidelity/world.o $(LIBS_A)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -o $@ $< $(GROUP) \
	    -lcmocka $(PKG_LIBS)
$(B)/fidelity/expand: $(B)/t/fidelity/expand.o
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -o $@ $< $(PKG_LIBS)

benches: $(BENCHES)

unit: $(UNIT) $(FIDELITY)
replay: $(REPLAYS)
fuzzers: $(FUZZERS)

-include $(wildcard $(B)/*.d $(B)/*/*.d $(B)/t/*/*.d)

# ---- for users ------------------------------------------------------------
# Each of these can be the first thing that is called on a bare system.
MAKE_J = $(MAKE) --no-print-directory -j$(JOBS)

run:
	@scripts/deps run
	@$(MAKE_J) VARIANT= all client-repair
	@scripts/run

demo:
	@scripts/deps demo
	@$(MAKE_J) VARIANT= all
	@scripts/demo

deps:
	@scripts/deps all

# ---- tests ----------------------------------------------------------------
# One prove for everything, so that its last lines are the verdict.  The
# sanitizer part of `make check' is short: unit tests, fuzz corpora, and the
# httpd tests named in t/asan-short.  Many tests wait most of the time: one
# more runs than there are processors.
check:
	@scripts/deps check
	@$(MAKE_J) VARIANT= all unit
	@$(MAKE_J) VARIANT=asan all unit replay
	@t/run -j$$(($(JOBS) + 1)) check

asan:
	@scripts/deps check
	@$(MAKE_J) VARIANT= all
	@$(MAKE_J) VARIANT=asan all unit replay
	@VARIANT=asan t/run -j$(JOBS) all

# The real client against every fault of Test::Matrix: hours; goes on where it
# was stopped.  MATRIX='--fresh' or names of cases are handed on.
matrix:
	@scripts/deps check
	@$(MAKE_J) VARIANT= all client-repair
	@scripts/matrix $(MATRIX)

cov:
	@scripts/deps check
	@$(MAKE_J) VARIANT=cov all unit replay
	@scripts/cov

fuzz:
	@scripts/deps fuzz
	@$(MAKE_J) VARIANT=fuzz fuzzers
	@FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz build/fuzz/fuzz/fuzz_*

lint:
	@scripts/deps lint
	@CSTD='$(CSTD)' CPPF='$(CPPF) $(addprefix -isystem ,$(HTTPD_INC))' \
	    JOBS=$(JOBS) scripts/lint $(SOURCES)
	@$(MAKE_J) VARIANT=analyze all
	@$(MAKE_J) VARIANT=clang all
	@echo 'lint: no findings'

# Thousands of sessions of the model's devices, and every operation of the
# store as the one at which the power goes or the process is killed.
SESSIONS ?= 10000
MODEL := $(addprefix build/t/,test_sml_model test_sml_power test_sml_kill)
model:
	@scripts/deps check
	@$(MAKE_J) VARIANT= $(MODEL)
	@for f in $(MODEL); do \
	    SESSIONS=$(SESSIONS) POWER_STEP=1 $$f || exit 1; done

# Ten thousand notifications while processes are killed: scripts/soak.
soak:
	@scripts/deps check
	@$(MAKE_J) VARIANT= all
	@scripts/soak

# What of the store's items survives devices: docs/fidelity.md.  WILD items
# of whatever the formats allow are made from the seed that is printed.
WILD ?= 150
fidelity:
	@scripts/deps check
	@$(MAKE_J) VARIANT= all client-repair $(FIDELITY)
	@scripts/fidelity
	@TEST_ALL=1 perl t/39-client-corpus.t
	@scripts/fidelity --wild=$(WILD) full syncevo

bench:
	@scripts/deps bench
	@$(MAKE_J) VARIANT= all benches
	@scripts/bench

# ---- installation ---------------------------------------------------------
# Where apxs says that this httpd keeps things; DESTDIR for packagers.
LIBEXECDIR = $(shell $(APXS) -q LIBEXECDIR)
SYSCONFDIR = $(shell $(APXS) -q SYSCONFDIR)
SBINDIR    = $(shell $(APXS) -q SBINDIR)
MANDIR     = $(or $(shell $(APXS) -q MANDIR 2>/dev/null),/usr/share/man)
INSTALL_ENV = DESTDIR='$(DESTDIR)' LIBEXECDIR='$(LIBEXECDIR)' \
    SYSCONFDIR='$(SYSCONFDIR)' SBINDIR='$(SBINDIR)' MANDIR='$(MANDIR)'

install: all
	@$(INSTALL_ENV) scripts/install

uninstall:
	@$(INSTALL_ENV) scripts/install --remove

clean:
	rm -rf build bin

help:
	@echo 'For users:'
	@echo '  make run        install missing packages, build, start httpd;'
	@echo '                  PORT=8080 STATE=run GATEWAY=file:run/sms'
	@echo '  make demo       two devices, one SMS: the whole story'
	@echo '  make install    into this httpd; DESTDIR for packagers'
	@echo '  make uninstall  take it away again; data stays'
	@echo 'For developers:'
	@echo '  make            build the modules and bin/syncmlctl'
	@echo '  make check      all tests'
	@echo '  make asan       all tests under ASan and UBSan'
	@echo '  make matrix     the real client and every fault: hours;'
	@echo '                  MATRIX="--fresh" or names of cases'
	@echo '  make lint       cppcheck, clang-tidy, gcc -fanalyzer, clang'
	@echo '  make fuzz       each fuzzer for FUZZ_SECONDS=60'
	@echo '  make cov        line coverage of the tests'
	@echo '  make model      devices against a model, SESSIONS=10000 per store;'
	@echo '                  power cuts and kills at every write of a session'
	@echo '  make soak       10000 notifications while processes are killed'
	@echo '  make bench      measures and their ratios'
	@echo '  make fidelity   what of contacts, events, tasks and notes survives'
	@echo '                  devices: minutes; see docs/fidelity.md'
	@echo '  make deps       install all Debian packages of the above'
	@echo '  make clean      remove build/ and bin/'

.PHONY: client-repair all unit replay fuzzers benches run demo deps check asan \
    matrix cov fuzz lint model soak bench fidelity \
    install uninstall clean help FORCE
FORCE:
