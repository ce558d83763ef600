import { Composer } from './composer.tsx';
import { Detail } from './detail.tsx';
import { Header } from './header.tsx';
import { known } from './known.ts';
import type { PageState } from './page-state.ts';
import { placeHref } from './place.ts';
import { Examples, Hero } from './start.tsx';
import { TurnList } from './turn-list.tsx';
import { Uploads } from './uploads.tsx';
import { useDocumentTitle, useLinks, useShortcuts } from './use-page.ts';

/** The whole page; index.html has the same frame, to be seen before this runs. */
export function App({ page }: { readonly page: PageState }) {
  const { conversation, facts } = page;
  useLinks(conversation);
  useShortcuts();
  useDocumentTitle(conversation);
  const isStart = conversation.turns.value.length === 0;
  return (
    <div class="page" data-view={isStart ? 'start' : 'conversation'}>
      <Header />
      <main id="main">{isStart ? <Hero facts={facts} /> : <TurnList page={page} />}</main>
      <Composer page={page} />
      {isStart && <Examples facts={facts} />}
      <Uploads onAdded={() => void facts.refresh()} />
      <OpenPicture page={page} />
    </div>
  );
}

/** The detail view over the conversation. */
function OpenPicture({ page: { conversation } }: { readonly page: PageState }) {
  const id = conversation.image.value;
  const turn = conversation.turns.value.find(({ view }) =>
    view.value.found?.hits.some((hit) => hit.id === id),
  );
  const turns = conversation.turns.value.map(({ text }) => text.value);
  return (
    <Detail
      id={id}
      hrefOf={(image) => placeHref({ turns, image })}
      found={turn?.view.value.found}
      close={conversation.closeImage}
      back={conversation.canGoBack() ? () => history.back() : undefined}
      onStep={conversation.step}
      onMoreLike={conversation.moreLike}
      onRemoved={(removed) => {
        known.delete(removed);
        conversation.forget(removed);
      }}
    />
  );
}
