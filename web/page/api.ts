import { createClient } from '../client.ts';
import { keptKey } from './api-key.ts';

/** The server that this page came from. */
export const api = createClient({ baseUrl: new URL('/', location.href), apiKey: keptKey });
