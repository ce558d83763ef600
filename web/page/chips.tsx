import type { Conversation } from './conversation.ts';
import type { Chip } from './describe.ts';
import { chipsOf } from './describe.ts';
import { focusTurn } from './focus.ts';
import { Icon } from './icons.tsx';
import { Picture } from './picture.tsx';
import { useKnown } from './use-known.ts';
import { refusal } from './turn-request.ts';
import type { Turn } from './types.ts';
import { readableName } from './words.ts';

interface ChipsProps {
  readonly turn: Turn;
  readonly conversation: Conversation;
}

/** What a search is made of besides its words; each part can be taken out. */
export function Chips({ turn, conversation }: ChipsProps) {
  const chips = chipsOf(turn.search.value);
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label="Parts of this search">
      {chips.map((chip) => (
        <li key={chip.key}>
          <ChipItem
            chip={chip}
            remove={() => {
              conversation.change(turn, chip.rest);
              focusTurn(turn.key);
            }}
          />
        </li>
      ))}
    </ul>
  );
}

function ChipItem({ chip, remove }: { readonly chip: Chip; readonly remove: () => void }) {
  const name = useName(chip);
  const canGo = refusal(chip.rest) === undefined;
  return (
    <span class={chip.image === undefined ? 'chip part' : 'chip part pictured'}>
      {chip.image !== undefined && <Thumbnail id={chip.image} />}
      <span dir="auto">{chip.text}</span>
      {canGo && (
        <button class="chip-remove" type="button" aria-label={`Remove: ${name}`} onClick={remove}>
          <Icon name="close" />
        </button>
      )}
    </span>
  );
}

function useName({ text, image }: Chip): string {
  const picture = useKnown(image);
  return picture ? `${text}: ${readableName(picture.metadata.file_name)}` : text;
}

function Thumbnail({ id }: { readonly id: string }) {
  const image = useKnown(id);
  if (!image) return null;
  const name = readableName(image.metadata.file_name);
  return (
    <span class="chip-picture">
      <Picture key={id} image={image} alt={name} isSmall />
    </span>
  );
}
