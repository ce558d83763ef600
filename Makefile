# The same commands as npm has, under short names.
FOLDER ?= .data/demo-pictures
QUERY ?= a dog
COUNT ?= 100000

.PHONY: install infra simulate index serve test-search check

install:
	npm ci

infra:
	docker compose up --build -d

simulate:
	npm run simulate -- --count $(COUNT) --dimensions 512 --like clip

serve:
	npm start

index:
	npm run index -- "$(FOLDER)"

test-search:
	npm run search -- "$(QUERY)"

check:
	npm run check
