import { expect, it } from 'vitest';
import { decodeHeaderText } from './header-text.ts';

it.each([
  ['plain', 'plain'],
  ['', ''],
  ['=?UTF-8?B?w6Q=?=', 'ä'],
  ['=?utf-8?q?K=C3=B6ln_am_Rhein?=', 'Köln am Rhein'],
  ['=?ISO-8859-1?Q?K=F6ln?=', 'Köln'],
  ['in =?UTF-8?Q?K=C3=B6ln?= today', 'in Köln today'],
  ['=?UTF-8?Q?a?= \t =?UTF-8?Q?b?=', 'ab'],
  // What is no word of any kind stays as it came.
  ['=?UTF-8?B?open', '=?UTF-8?B?open'],
  ['=?UTF-8?B?/w==?=', '=?UTF-8?B?/w==?='],
  ['=?no-such-charset?Q?a?=', '=?no-such-charset?Q?a?='],
  ['=?UTF-8?X?a?=', '=?UTF-8?X?a?='],
  // Bytes as they are, which Node reads as Latin-1.
  [Buffer.from('Köln 日本').toString('latin1'), 'Köln 日本'],
  [Buffer.from('Köln', 'latin1').toString('latin1'), 'Köln'],
])('reads %j as %j', (value, text) => {
  expect(decodeHeaderText(value)).toBe(text);
});
