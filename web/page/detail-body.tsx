import type { Hit, Image } from '../../core/model.ts';
import type { FoundWith } from './detail.tsx';
import { factsOfHit, timingFacts } from './found-facts.ts';
import { Icon } from './icons.tsx';
import { OriginalLink } from './original-link.tsx';
import { originalHref } from './original-href.ts';
import { Picture } from './picture.tsx';
import { Removal } from './removal.tsx';
import { canUpload } from './uploads-state.ts';
import { facts, isUploaded, readableName } from './words.ts';

interface DetailBodyProps {
  readonly image: Image;
  /** The picture as a result, where it is one. */
  readonly hit: Hit | undefined;
  readonly found: FoundWith | undefined;
  readonly onMoreLike: () => void;
  readonly onRemoved: (id: string) => void;
}

export function DetailBody({ image, hit, found, onMoreLike, onRemoved }: DetailBodyProps) {
  const { metadata } = image;
  const name = readableName(metadata.file_name);
  const original = originalHref(metadata.url);
  return (
    <div class="detail-body">
      <Picture image={image} alt={name} isSmall={false} />
      <div class="detail-text">
        <h2 id="detail-name" tabIndex={-1} dir="auto" title={metadata.file_name}>
          {name}
        </h2>
        <div class="detail-actions">
          <button class="button" type="button" onClick={onMoreLike}>
            <Icon name="like" />
            More like this
          </button>
          {original !== '' && <OriginalLink href={original} />}
        </div>
        <Facts label="About the picture" rows={facts(metadata)} />
        {hit && found && (
          <Facts
            label="How it was found"
            isTitled
            rows={[...factsOfHit(hit), ...timingFacts(found)]}
          />
        )}
        {canUpload.value && isUploaded(metadata) && <Removal id={image.id} onRemoved={onRemoved} />}
      </div>
    </div>
  );
}

interface FactsProps {
  readonly label: string;
  readonly isTitled?: boolean;
  readonly rows: readonly (readonly [label: string, text: string])[];
}

function Facts({ label, isTitled = false, rows }: FactsProps) {
  return (
    <table>
      <caption class={isTitled ? 'facts-title' : 'unseen'}>{label}</caption>
      <tbody>
        {rows.map(([name, text]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td dir="auto">{text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
