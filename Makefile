# mod_syncml: two Apache httpd modules, a command line tool and their tests.
#
#   make            build the modules and bin/syncmlctl
#   make run        install what is missing, build, start httpd
#   make demo       the whole story with a real client
#   make check      all tests
#   make help       every target
#
# VARIANT=asan|cov builds the same tree with sanitizers or coverage in a
# directory of its own.

APXS      ?= $(firstword $(wildcard /usr/bin/apxs /usr/bin/apxs2) apxs)
CC        ?= cc
PKGCONFIG ?= pkg-config
VARIANT   ?=
B         := build$(if $(VARIANT),/$(VARIANT))
BIN       := $(if $(VARIANT),$(B)/,)bin

# ---- flags ---------------------------------------------------------------
HTTPD_INC := $(shell $(APXS) -q INCLUDEDIR 2>/dev/null)
APR_FLAGS := $(shell apr-1-config --includes --cppflags 2>/dev/null)
PKGS      := libxml-2.0 sqlite3 libcrypto libcurl apr-util-1
PKG_FLAGS := $(shell $(PKGCONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS  := $(shell $(PKGCONFIG) --libs $(PKGS) 2>/dev/null) \
             $(shell apr-1-config --link-ld --libs 2>/dev/null)

WARN  := -Wall -Wextra -Werror -Wformat=2 -Wshadow -Wstrict-prototypes \
         -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
         -Wvla -Wundef -Wno-unused-parameter
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
ifeq ($(VARIANT),cov)
OPT   := -O0 --coverage -DSYNCML_COVERAGE
HARD  := -fPIC -fvisibility=hidden
LHARD := --coverage
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
ENGINE   := $(wildcard mod_syncml/sml_*.c)
CTL      := $(wildcard syncmlctl/*.c)
room_src  = $(filter-out %/glue_%,$(filter-out $(wildcard $(1)/glue_*.c),$(wildcard $(1)/*.c)))
obj       = $(patsubst %.c,$(B)/%.o,$(1))

LIBS_A   := $(foreach r,$(ROOMS),$(B)/lib$(r).a) $(B)/libsml.a
GROUP     = -Wl,--start-group $(LIBS_A) -Wl,--end-group

MODULES  := $(if $(GLUE),$(B)/mod_syncml.so) $(if $(GLUE_P),$(B)/mod_syncml_push.so)
PROGRAMS := $(if $(CTL),$(BIN)/syncmlctl)
UNIT     := $(patsubst t/unit/%.c,$(B)/t/%,$(wildcard t/unit/test_*.c))

all: $(MODULES) $(PROGRAMS)

define room_rule
$(B)/lib$(1).a: $(call obj,$(call room_src,$(1)))
	@rm -f $$@
	$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))
$(B)/libsml.a: $(call obj,$(ENGINE))
	@rm -f $@
	$(AR) rcs $@ $^

# The compiler's command line is a dependency: other flags, other objects.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS)' > $@

$(call obj,$(GLUE) $(GLUE_P)): CPPF += -isystem $(HTTPD_INC)

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The only symbol a module exports is its module structure.
$(B)/%.map:
	@mkdir -p $(@D)
	@echo '{ global: $(MODSYM); local: *; };' > $@
$(B)/mod_syncml.map: MODSYM := syncml_module
$(B)/mod_syncml_push.map: MODSYM := syncml_push_module

SO_LINK = $(CC) -shared $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -Wl,-z,nodelete \
          -Wl,--version-script=$(@:.so=.map) -o $@
$(B)/mod_syncml.so: $(call obj,$(GLUE)) $(LIBS_A) $(B)/mod_syncml.map
	$(SO_LINK) $(call obj,$(GLUE)) $(GROUP) $(PKG_LIBS)
$(B)/mod_syncml_push.so: $(call obj,$(GLUE_P)) $(LIBS_A) $(B)/mod_syncml_push.map
	$(SO_LINK) $(call obj,$(GLUE_P)) $(GROUP) $(PKG_LIBS)

$(BIN)/syncmlctl: $(call obj,$(CTL)) $(LIBS_A)
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -pie -o $@ $(call obj,$(CTL)) $(GROUP) $(PKG_LIBS)

$(B)/t/%: $(B)/t/unit/%.o $(LIBS_A)
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(OPT) $(LHARD) $(LDFLAGS) -o $@ $< $(GROUP) -lcmocka -lwbxml2 $(PKG_LIBS)
.PRECIOUS: $(B)/t/unit/%.o

unit: $(UNIT)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

clean:
	rm -rf build bin

.PHONY: all unit clean FORCE
FORCE:
