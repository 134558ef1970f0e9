# Makefile -- set up, build, train, predict, test.  `make help` lists what there is.

MODEL   ?= logistic_regression
DATA    ?=
OUT     ?= out/$(MODEL)
PREFIX  ?= /usr/local
CC      ?= cc
CFLAGS  ?= -O3 -march=native
BLAS    ?= openblas
FLOATX  ?= float32
IMAGE   ?=
CSV     ?=

BUILD   := build
MODELC  := $(BUILD)/modelc
GEN     := $(BUILD)/gen
PROGRAM := $(BUILD)/$(MODEL)

# name=value on the command line: the known ones above and below, the others are arguments of the program (learning_rate=0.05)
KNOWN   := MODEL DATA OUT PREFIX DESTDIR CC CFLAGS BLAS FLOATX IMAGE CSV EPOCHS SEED RESUME MODELC_FLAGS
EXTRA   := $(foreach o,$(filter-out $(KNOWN),$(foreach v,$(MAKEOVERRIDES),$(firstword $(subst =, ,$(v))))),--$(o) '$($(o))')
ARGS     = $(if $(DATA),--data '$(DATA)') --out '$(OUT)' $(if $(EPOCHS),--epochs '$(EPOCHS)') $(if $(SEED),--seed '$(SEED)') $(EXTRA)

FULL_DATA := $(firstword $(wildcard /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz))

.PHONY: all setup setup-data setup-test train predict info test test-all install clean help
all: $(MODELC)

help:
	@echo 'make                 builds $(MODELC)'
	@echo 'make train           sets up, compiles models/$$MODEL.model, trains it; results in $$OUT'
	@echo 'make predict         predictions of the best state; IMAGE=file CSV=file.csv|.npy for images of your own'
	@echo 'make test            all tests, within five minutes; make test-all: every combination of settings'
	@echo 'make install         PREFIX=/usr/local DESTDIR='
	@echo 'variables            MODEL=$(MODEL) DATA=folder OUT=$(OUT) EPOCHS= SEED= RESUME=1 and any scalar'
	@echo '                     argument of the model: make train learning_rate=0.05'
	@echo 'models              ' $(patsubst models/%.model,%,$(wildcard models/*.model))

setup:
	@tools/setup.sh build
setup-data: setup
	@tools/setup.sh data
setup-test: setup
	@tools/setup.sh test

# cmake decides what is out of date
.PHONY: modelc-build
modelc-build: setup
	@[ -f $(BUILD)/CMakeCache.txt ] || cmake -S . -B $(BUILD) -DMODELC_TESTS=OFF >$(BUILD).log 2>&1 || { cat $(BUILD).log; rm -f $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log
	@$(MAKE) --no-print-directory -C $(BUILD) modelc MAKEFLAGS= MAKEOVERRIDES= >$(BUILD)/make.log 2>&1 || { cat $(BUILD)/make.log; exit 1; }
$(MODELC): modelc-build

# where the full data set could not be installed, the model is compiled for the small one in the tree
RUNTIME_C = $(wildcard runtime/*.c)
$(PROGRAM): modelc-build setup-data models/$(MODEL).model FORCE
	@mkdir -p $(GEN)
	@$(MODELC) models/$(MODEL).model --driver --blas $(BLAS) --floatX $(FLOATX) -o $(GEN) $(MODELC_FLAGS) \
		$(if $(DATA),,$(shell [ -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ] || echo -D n_fit=1500 -D batch_size=50))
	@$(CC) $(CFLAGS) -std=gnu99 -fopenmp -I runtime -I $(GEN) -o $@ $(GEN)/$(MODEL).c $(GEN)/$(MODEL)_driver.c $(RUNTIME_C) \
		$(if $(filter openblas,$(BLAS)),-lopenblas) -lpng -lz -lm
.PHONY: FORCE
FORCE:

train: $(PROGRAM)
	@$(PROGRAM) train $(ARGS) $(if $(RESUME),--resume)
predict: $(PROGRAM)
	@$(PROGRAM) predict $(ARGS) $(if $(IMAGE),--image '$(IMAGE)') $(if $(CSV),--out-file '$(CSV)')
info: $(PROGRAM)
	@$(PROGRAM) info

test: setup-test setup-data
	@python3 tests/run.py
test-all: setup-test setup-data
	@python3 tests/run.py --all

install: modelc-build
	@cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	rm -rf $(BUILD) $(BUILD)-tests out
