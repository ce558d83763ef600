import type { Hit } from '../../core/model.ts';
import type { Client } from '../client.ts';
import type { Conversation } from './conversation.ts';
import { createConversation } from './conversation.ts';
import { focusTurn } from './focus.ts';
import { known } from './known.ts';
import { createPlaces } from './place.ts';
import { explain } from './problem.ts';
import type { ServerFacts } from './server-facts.ts';
import { createServerFacts } from './server-facts.ts';
import { createTurn } from './turn-state.ts';
import type { Wishes } from './wishes.ts';
import { createWishes, possible } from './wishes.ts';

/** All that the parts of the page share. */
export interface PageState {
  readonly conversation: Conversation;
  readonly facts: ServerFacts;
  readonly wishes: Wishes;
  /** Shows what the address says, and asks what the server can do. */
  start(): void;
  /** After an API key was given: all that failed for the want of one is asked again. */
  retryAll(): void;
}

export function createPageState(client: Client): PageState {
  const facts = createServerFacts(client);
  const wishes = createWishes();
  const parts = {
    client,
    explain,
    wishes: () => possible(wishes, facts.features.peek()),
    onHits: (hits: readonly Hit[]) => {
      for (const hit of hits) known.set(hit.id, hit);
    },
  };
  const conversation = createConversation({
    places: createPlaces(window),
    facets: () => facts.facets.peek(),
    createTurn: (search, beginning) => createTurn(search, parts, beginning),
  });
  /** The newest turn was asked before anybody knew that there is a language model. */
  async function learn(): Promise<void> {
    const before = parts.wishes();
    await facts.refresh();
    const { explanation, rerank } = parts.wishes();
    const isNew = (explanation && !before.explanation) || (rerank && !before.rerank);
    if (isNew) conversation.committed.peek().at(-1)?.again();
  }

  return {
    conversation: withFocus(conversation),
    facts,
    wishes,
    start() {
      conversation.show();
      void learn();
    },
    retryAll() {
      void learn();
      for (const turn of conversation.turns.peek()) {
        if (turn.view.peek().status === 'failed') turn.again();
      }
    },
  };
}

/** The card or the dialog that asked for more may be gone: the new turn has the focus then. */
function withFocus(conversation: Conversation): Conversation {
  return {
    ...conversation,
    moreLike(id) {
      conversation.moreLike(id);
      const newest = conversation.turns.peek().at(-1);
      if (newest) focusTurn(newest.key);
    },
  };
}
