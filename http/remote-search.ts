import type { Search } from '../core/search.ts';
import { createRemoteService, type RemoteServiceOptions } from './remote-service.ts';

/** A search that another process answers over HTTP. Its failures keep their codes. */
export function createRemoteSearch(options: RemoteServiceOptions): Search {
  return createRemoteService(options).search;
}
