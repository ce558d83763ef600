import { describe, expect, test } from 'vitest';
import { createPlaces, parsePlace, placeHref } from './place.ts';
import { createTestBrowser } from './test-browser.ts';

const origin = 'https://pictures.example';

describe('an address of the page', () => {
  test('says every turn and the open picture', () => {
    const place = { turns: ['a dog', 'a dog -people', '+snow "&?#=" 100 %'], image: '123' };
    expect(parsePlace(origin + placeHref(place))).toEqual(place);
  });

  test('is the bare page where nothing is searched for', () => {
    expect(placeHref({ turns: [], image: null })).toBe('/');
    expect(parsePlace(`${origin}/?q=&q=%20&image=`)).toEqual({ turns: [], image: null });
  });

  test('keeps the newest twenty turns', () => {
    const turns = Array.from({ length: 30 }, (_, index) => `turn ${index}`);
    const kept = parsePlace(origin + placeHref({ turns, image: null })).turns;
    expect(kept).toEqual(turns.slice(-20));
    const long = turns.map((turn) => `q=${turn}`).join('&');
    expect(parsePlace(`${origin}/?${long}`).turns).toEqual(turns.slice(-20));
  });

  test('is short enough to be loaded again, however long the turns are', () => {
    const turns = Array.from({ length: 20 }, (_, index) =>
      `${index} ${'собака '.repeat(70)}`.trim(),
    );
    const href = placeHref({ turns, image: '123' });
    expect(href.length).toBeLessThan(8000);
    const kept = parsePlace(origin + href);
    expect(kept).toEqual({ turns: turns.slice(-kept.turns.length), image: '123' });
    expect(kept.turns.length).toBeGreaterThan(1);
    const alone = { turns: ['🐕'.repeat(4000)], image: null };
    expect(parsePlace(origin + placeHref(alone))).toEqual(alone);
  });
});

describe('going from place to place', () => {
  const dog = { turns: ['dog'], image: null };

  test('keeps one entry for all that is typed until Enter', () => {
    const browser = createTestBrowser();
    const places = createPlaces(browser);
    for (const text of ['d', 'do', 'dog']) places.type({ turns: [text], image: null });
    places.settle();
    places.type({ turns: ['dog', 'c'], image: null });
    places.type({ turns: ['dog', 'cat'], image: null });
    expect(browser.entries()).toEqual(['/', '/?q=dog', '/?q=dog&q=cat']);
  });

  test('makes no entry for where it is already', () => {
    const browser = createTestBrowser('/?q=dog');
    const places = createPlaces(browser);
    places.goTo(dog);
    places.type(dog);
    expect(browser.entries()).toEqual(['/?q=dog']);
  });

  test('counts the pictures that were opened one from another, and leaves them all at once', () => {
    const browser = createTestBrowser('/?q=dog');
    const places = createPlaces(browser);
    places.goTo({ ...dog, image: '1' });
    places.goTo({ ...dog, image: '2' });
    places.swapImage('3');
    expect(places.depth()).toBe(2);
    expect(places.current()).toEqual({ ...dog, image: '3' });
    places.leaveDetail();
    expect(places.current()).toEqual(dog);
    expect(places.depth()).toBe(0);
  });

  test('puts the results under a picture that a link leads to', () => {
    const browser = createTestBrowser('/?q=dog&image=7');
    const places = createPlaces(browser);
    places.enter();
    expect(browser.entries()).toEqual(['/?q=dog', '/?q=dog&image=7']);
    places.enter();
    expect(browser.entries()).toHaveLength(2);
    places.leaveDetail();
    expect(places.current()).toEqual(dog);
  });
});
