# The same commands as npm has, under short names.
FOLDER ?= .data/demo-pictures
QUERY ?= a dog

.PHONY: install infra index serve test-search check

install:
	npm ci

infra:
	docker compose up --build -d

serve:
	npm start

index:
	npm run index -- "$(FOLDER)"

test-search:
	npm run search -- "$(QUERY)"

check:
	npm run check
