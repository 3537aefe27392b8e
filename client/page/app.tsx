import { Alarms } from './alarms.tsx';
import type { App as PageApp } from './boot.ts';
import { Finished } from './finished.tsx';
import { Finishing } from './finishing.tsx';
import { Header } from './header.tsx';
import { dictionary } from './i18n.ts';
import { Live } from './live.tsx';
import { Locked } from './locked.tsx';
import { Ready } from './ready.tsx';
import { AppContext, useApp } from './use-app.ts';

export function App({ app }: { app: PageApp }) {
  return (
    <AppContext.Provider value={app}>
      <Header />
      <main>
        <Alarms />
        <Stage />
      </main>
    </AppContext.Provider>
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
