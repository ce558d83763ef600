import { describe } from './describe.ts';
import { focusBox, focusTurn } from './focus.ts';
import { Grid } from './grid.tsx';
import { pageTopK } from './limits.ts';
import type { PageState } from './page-state.ts';
import { placeHref } from './place.ts';
import { ProblemNotice } from './problem-notice.tsx';
import { NoPictures } from './start.tsx';
import { LessCertain, TurnEnd } from './turn-end.tsx';
import type { TurnProps } from './turn.tsx';
import type { Found, Turn } from './types.ts';

interface BodyProps extends TurnProps {
  readonly isOpen: boolean;
  readonly setOpen: (isOpen: boolean) => void;
}

export function TurnBody(props: BodyProps) {
  const { turn, page } = props;
  const { status, notice, found } = turn.view.value;
  if (status === 'failed' && notice) {
    return <ProblemNotice notice={notice} again={() => again(turn, page)} />;
  }
  if (found && found.hits.length === 0 && status === 'shown') {
    return <NothingFound turn={turn} found={found} page={page} />;
  }
  return <Results {...props} />;
}

function again(turn: Turn, page: PageState): void {
  if (turn.view.peek().notice?.remedy === 'key') page.retryAll();
  else turn.again();
  // What was pressed goes with the notice.
  focusTurn(turn.key);
}

function Results({ turn, page, isNewest, isOpen, setOpen }: BodyProps) {
  const { status, found, more } = turn.view.value;
  const place = { turns: [turn.text.value] };
  const hits = found?.hits ?? [];
  // What failed is asked again by hand alone.
  const isEnd = isOpen && Boolean(found?.nextCursor) && typeof more === 'string';
  return (
    <div class="turn-results" aria-busy={status !== 'shown'}>
      <Grid
        hits={hits}
        label={`Results for ${describe(turn.search.value)}`}
        hrefOf={(id) => placeHref({ ...place, image: id })}
        onMoreLike={page.conversation.moreLike}
        isBusy={status !== 'shown'}
        skeletons={isNewest ? pageTopK : 8}
        isFolded={!isOpen}
        onEnd={isEnd ? turn.more : undefined}
        isBusyMore={more === 'busy'}
        leave={focusBox}
      />
      {isOpen ? (
        <TurnEnd
          turn={turn}
          view={turn.view.value}
          isNewest={isNewest}
          fold={() => {
            setOpen(false);
            focusTurn(turn.key, { isScrolled: true });
          }}
        />
      ) : (
        <ShowAll turn={turn} isWaiting={hits.length === 0} open={() => setOpen(true)} />
      )}
    </div>
  );
}

interface ShowAllProps {
  readonly turn: Turn;
  readonly isWaiting: boolean;
  readonly open: () => void;
}

function ShowAll({ turn, isWaiting, open }: ShowAllProps) {
  return (
    <button
      class="button show-all"
      type="button"
      disabled={isWaiting}
      onClick={() => {
        open();
        focusTurn(turn.key);
      }}
    >
      Show all
    </button>
  );
}

interface NothingProps {
  readonly turn: Turn;
  readonly found: Found;
  readonly page: PageState;
}

function NothingFound({ turn, found, page }: NothingProps) {
  if (page.facts.indexed.value === 0) return <NoPictures />;
  const { more } = turn.view.value;
  const isNarrowed = turn.search.value.conditions.length > 0;
  const showLessCertain = () => {
    turn.showLessCertain();
    // The button goes with all of this as soon as there are any.
    focusTurn(turn.key);
  };
  if (typeof more === 'object') return <ProblemNotice notice={more} again={showLessCertain} />;
  return (
    <div class="notice">
      <p class="notice-title" dir="auto">
        No pictures match “{describe(turn.search.value)}”
      </p>
      <p>
        {isNarrowed
          ? 'Take a filter away, or try other words.'
          : 'Try other words, or fewer of them.'}
      </p>
      {found.isCut && <LessCertain isBusy={more === 'busy'} act={showLessCertain} />}
    </div>
  );
}
