import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { Alarms } from './alarms.tsx';
import type { App as PageApp } from './boot.ts';
import { Finished } from './finished.tsx';
import { Finishing } from './finishing.tsx';
import { Header } from './header.tsx';
import { dictionary } from './i18n.ts';
import { Live } from './live.tsx';
import { Locked } from './locked.tsx';
import { Ready } from './ready.tsx';

const Context = createContext<PageApp | undefined>(undefined);

/** The page's state and its controls, for every component. */
export function useApp(): PageApp {
  const app = useContext(Context);
  if (app === undefined) throw new Error('used outside of the page');
  return app;
}

export function App({ app }: { app: PageApp }) {
  return (
    <Context.Provider value={app}>
      <Header />
      <main>
        <Alarms />
        <Stage />
      </main>
    </Context.Provider>
  );
}

function Stage() {
  switch (useApp().model.stage.value) {
    case 'loading':
      return (
        <p class="quiet" role="status">
          {dictionary.value.loading}
        </p>
      );
    case 'locked':
      return <Locked />;
    case 'ready':
      return <Ready />;
    case 'live':
      return <Live />;
    case 'finishing':
      return <Finishing />;
    case 'finished':
      return <Finished />;
  }
}
