import { ApiKeyForm } from './api-key-form.tsx';
import type { Notice } from './problem.ts';
import './problem.css';

interface ProblemNoticeProps {
  readonly notice: Notice;
  readonly again: () => void;
}

/** What went wrong and what to do about it, in place of what was asked for. */
export function ProblemNotice({ notice, again }: ProblemNoticeProps) {
  return (
    <div class="notice" role="alert">
      <p class="notice-title" dir="auto">
        {notice.title}
      </p>
      <p>{notice.text}</p>
      {notice.remedy === 'key' && <ApiKeyForm again={again} />}
      {notice.remedy === 'retry' && (
        <button class="button" type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}
