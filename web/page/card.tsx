import type { Hit } from '../../core/model.ts';
import { Icon } from './icons.tsx';
import { likelihood, percent } from './likelihood.ts';
import { Picture } from './picture.tsx';
import type { Box } from './rows.ts';
import { wantsDuplicates } from './wants-duplicates.ts';
import { readableName, scoreText } from './words.ts';
import './card.css';

interface CardProps {
  readonly hit: Hit;
  /** Where the picture is shown large. */
  readonly href: string;
  /** Of the picture; the name below it comes on top of its height. */
  readonly box: Pick<Box, 'width' | 'height'>;
  /** The score of the best result, which the bar is measured by. */
  readonly best: number;
  readonly onMoreLike?: ((id: string) => void) | undefined;
}

/** In pixels; the outline of a picture has room in it. */
const margin = 4;
const textHeight = 64;

/** A picture in a list: a link, so that it can be opened in a tab as well. */
export function Card({ hit, href, box, best, onMoreLike }: CardProps) {
  const { id, metadata } = hit;
  const name = readableName(metadata.file_name);
  const width = box.width + 2 * margin;
  const style = {
    width: `${width}px`,
    // What is out of sight is not laid out, and has its place all the same.
    'contain-intrinsic-size': `${width}px auto ${box.height + textHeight}px`,
  };
  return (
    <li class="card-item" data-id={id} style={style}>
      <a class="card" href={href} data-go tabIndex={-1}>
        <Picture image={hit} alt="" isSmall box={box} />
        <span class="name" dir="auto" title={metadata.file_name}>
          {name}
        </span>
        <span class="facts">
          <span class="category" dir="auto">
            {metadata.category ?? ''}
          </span>
          <Score hit={hit} best={best} />
        </span>
      </a>
      <Alike hit={hit} href={href} name={name} />
      {onMoreLike && (
        <button
          class="round more-like"
          type="button"
          tabIndex={-1}
          aria-label={`More like ${name}`}
          title="More like this"
          onClick={() => onMoreLike(id)}
        >
          <Icon name="like" />
        </button>
      )}
    </li>
  );
}

/** How sure it is where that is known, else how near the picture is, compared with the best. */
function Score({ hit: { score, confidence }, best }: Pick<CardProps, 'hit' | 'best'>) {
  const isKnown = typeof confidence === 'number';
  const share = isKnown ? confidence : best > 0 ? score / best : 0;
  const bar = { '--share': Math.max(0, Math.min(1, share)).toFixed(3) };
  return (
    <span class="score" title={isKnown ? likelihood(confidence) : `Score ${scoreText(score)}`}>
      <span class="bar" aria-hidden="true" style={bar}>
        <span />
      </span>
      {isKnown ? (
        <>
          <span class="unseen">Confidence </span>
          <span class="number">{percent(confidence)}</span>
        </>
      ) : (
        <span class="unseen">Score {scoreText(score)}</span>
      )}
    </span>
  );
}

/** Leads to the pictures that this one stands for. */
function Alike({ hit, href, name }: Pick<CardProps, 'hit' | 'href'> & { readonly name: string }) {
  const count = hit.duplicates?.length ?? 0;
  if (count === 0) return null;
  const label = `${count} more that ${count === 1 ? 'is' : 'are'} nearly the same as ${name}`;
  return (
    <a
      class="alike"
      href={href}
      data-go
      tabIndex={-1}
      aria-label={label}
      title={label}
      onClick={() => (wantsDuplicates.value = true)}
    >
      +{count} alike
    </a>
  );
}
