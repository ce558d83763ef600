import { useRef } from 'preact/hooks';
import type { Hit } from '../../core/model.ts';
import { DetailBar } from './detail-bar.tsx';
import { DetailBody } from './detail-body.tsx';
import { DuplicatesStrip } from './duplicates-strip.tsx';
import { ProblemNotice } from './problem-notice.tsx';
import { SimilarStrip } from './similar-strip.tsx';
import { uploadQueue } from './uploads-state.ts';
import { useDialog, useFocusOnceLoaded } from './use-dialog.ts';
import { useImage } from './use-image.ts';
import { useSteps } from './use-steps.ts';
import { readableName } from './words.ts';
import './detail.css';

/** The results that a picture was opened from. */
export interface FoundWith {
  readonly hits: readonly Hit[];
  readonly latencyMs: number;
  readonly cached: boolean;
  /** Milliseconds of each stage, by name. */
  readonly timing: Readonly<Record<string, number>>;
}

export interface DetailProps {
  /** Of the picture that is shown; null for none. */
  readonly id: string | null;
  readonly hrefOf: (id: string) => string;
  /** Called once it is closed. */
  readonly close: () => void;
  /** Leads back to the picture that this one was opened from. */
  readonly back: (() => void) | undefined;
  /** Shows another one of the results in place of this one. */
  readonly onStep?: (id: string) => void;
  readonly onMoreLike: (id: string) => void;
  readonly onRemoved: (id: string) => void;
  readonly found?: FoundWith | undefined;
}

/** One picture large, with all that is known of it, over the results. */
export function Detail(props: DetailProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { id, close } = props;
  useDialog(dialog, id, close);
  return (
    <dialog ref={dialog} class="detail" closedby="any" aria-labelledby="detail-name">
      {id !== null && <Content {...props} id={id} shut={() => dialog.current?.close()} />}
    </dialog>
  );
}

type ContentProps = DetailProps & { readonly id: string; readonly shut: () => void };

function Content({ id, hrefOf, back, shut, onMoreLike, found, ...props }: ContentProps) {
  const { image, notice, again } = useImage(id);
  const hit = found?.hits.find((one) => one.id === id);
  const steps = useSteps(id, found?.hits ?? [], props.onStep);

  useFocusOnceLoaded(image);

  function onRemoved(removed: string): void {
    // First: it gives the focus back to the card, from where it goes on to another.
    shut();
    // Where it was opened from the list of uploads, which has it no more.
    if (document.activeElement?.closest('.upload')) document.getElementById('add')?.focus();
    uploadQueue.forget(removed);
    props.onRemoved(removed);
  }

  return (
    <>
      <DetailBar
        name={image ? readableName(image.metadata.file_name) : 'Picture'}
        back={back}
        close={shut}
        steps={steps}
      />
      {image && (
        <DetailBody
          key={`body-${id}`}
          image={image}
          hit={hit}
          found={hit && found}
          onMoreLike={() => onMoreLike(id)}
          onRemoved={onRemoved}
        />
      )}
      {!image && (
        <h2 id="detail-name" tabIndex={-1} class={notice ? '' : 'detail-waits'}>
          {notice ? 'Picture' : 'Loading the picture…'}
        </h2>
      )}
      {notice && <ProblemNotice notice={notice} again={again} />}
      {image && hit && <DuplicatesStrip key={`alike-${id}`} ids={hit.duplicates} hrefOf={hrefOf} />}
      {image && <SimilarStrip key={`similar-${id}`} id={id} hrefOf={hrefOf} />}
    </>
  );
}
