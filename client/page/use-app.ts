import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { App } from './boot.ts';

export const AppContext = createContext<App | undefined>(undefined);

/** The page's state and its controls, for every component. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error('used outside of the page');
  return app;
}
