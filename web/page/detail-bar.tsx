import { RoundButton } from './round-button.tsx';
import type { Steps } from './use-steps.ts';

interface DetailBarProps {
  /** Of the picture. */
  readonly name: string;
  readonly back: (() => void) | undefined;
  readonly close: () => void;
  readonly steps: Steps | undefined;
}

/** The buttons that stay at the top of the detail view. */
export function DetailBar({ name, back, close, steps }: DetailBarProps) {
  return (
    <div class="detail-bar">
      {back && <RoundButton icon="back" name="Back" act={back} />}
      {steps && (
        <div class="steps" role="group" aria-label="Results">
          <RoundButton icon="fold" kind="previous" name="Previous picture" act={steps.previous} />
          <span class="steps-place" aria-hidden="true">
            {steps.place} / {steps.count}
          </span>
          <span class="unseen" role="status">
            {name}, {steps.place} of {steps.count}
          </span>
          <RoundButton icon="fold" kind="next" name="Next picture" act={steps.next} />
        </div>
      )}
      <RoundButton icon="close" kind="close" name="Close" act={close} />
    </div>
  );
}
