import './no-eval.ts';
import { render } from 'preact';
import { App } from './app.tsx';
import { boot } from './boot.ts';

render(<App app={boot()} />, document.querySelector('#page') as HTMLElement);
