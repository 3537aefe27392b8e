/** The live text. Not announced word by word: a screen reader must not talk over the consultation. */
import { useComputed, useSignal } from '@preact/signals';
import { memo } from 'preact/compat';
import { useEffect, useRef } from 'preact/hooks';
import { paragraphs, type TranscriptState } from '../../shared/fold.ts';
import type { Word } from '../../shared/transcript.ts';
import { clockTime, dictionary } from './i18n.ts';
import { useApp } from './use-app.ts';
import { Words } from './words.tsx';

/** `follow`: keeps the newest words in view. */
export function Transcript({ follow = false }: { follow?: boolean }) {
  const t = dictionary.value;
  const { model } = useApp();
  const transcript = model.transcript.value;
  const blocks = useComputed(() => paragraphs(model.transcript.value.words));
  const tail = model.tail.value;
  const empty = transcript.words.length === 0 && tail.length === 0;
  const owed = model.engine.value === null || model.status.value?.engineState === 'none';
  return (
    <section class="transcript" aria-labelledby="transcript-title">
      <h2 id="transcript-title" class="hidden">
        {t.transcript}
      </h2>
      <div role="log" aria-live="off" lang={transcript.settled ?? undefined}>
        {empty && <p class="quiet">{owed ? t.textOwed : t.listening}</p>}
        <div>
          {blocks.value.map((words, index) => (
            <Paragraph
              key={words[0]?.start}
              words={words}
              count={words.length}
              last={index === blocks.value.length - 1}
              marks={marksBefore(transcript, blocks.value, index)}
            />
          ))}
        </div>
        {blocks.value.length === 0 && (
          <div class="paragraph">
            <time />
            <p>
              <Tail />
            </p>
          </div>
        )}
      </div>
      {follow && <Follow />}
    </section>
  );
}

interface Mark {
  at: number;
  kind: 'pause' | 'gap';
}

function marksBefore(transcript: TranscriptState, blocks: readonly Word[][], index: number): Mark[] {
  const start = blocks[index]?.[0]?.start ?? 0;
  const before = index === 0 ? -1 : (blocks[index - 1]?.[0]?.start ?? 0);
  const pauses = transcript.pauses.map((at): Mark => ({ at, kind: 'pause' }));
  const gaps = transcript.gaps.map((gap): Mark => ({ at: gap.start, kind: 'gap' }));
  return [...pauses, ...gaps].filter(({ at }) => at > before && at <= start).sort((a, b) => a.at - b.at);
}

interface ParagraphProps {
  words: readonly Word[];
  count: number;
  marks: readonly Mark[];
  last: boolean;
}

const Paragraph = memo(
  ({ words, marks, last }: ParagraphProps) => {
    const t = dictionary.value;
    return (
      <>
        {marks.map(({ at, kind }) => (
          <p key={`${kind}${at}`} class="mark-line">
            <span>{kind === 'pause' ? t.pauseMark : t.gapMark}</span>
          </p>
        ))}
        <div class="paragraph">
          <time>{clockTime(words[0]?.start ?? 0)}</time>
          <p>
            <span class="committed" data-testid="committed">
              <Words words={words} />
            </span>
            {last && <Tail />}
          </p>
        </div>
      </>
    );
  },
  (before, now) =>
    before.count === now.count &&
    before.last === now.last &&
    before.marks.length === now.marks.length &&
    before.words[0]?.start === now.words[0]?.start,
);

/** Words that may still change: slanted and underlined, at the place where they will stand. */
function Tail() {
  const t = dictionary.value;
  const words = useApp().model.tail.value;
  return (
    <span class="tail">
      {words.length > 0 && <span class="hidden"> ({t.tail}) </span>}{' '}
      <em data-testid="tail">{words.map(({ text }) => text).join(' ')}</em>
    </span>
  );
}

/** Keeps the newest words in view unless the reader has scrolled back; then offers the way down. */
function Follow() {
  const { model } = useApp();
  const following = useSignal(true);
  const end = useRef<HTMLDivElement>(null);
  const scrolled = useRef(0);

  useEffect(() => {
    const onScroll = () => {
      const up = window.scrollY < scrolled.current - 4;
      scrolled.current = window.scrollY;
      const left = document.documentElement.scrollHeight - window.innerHeight - window.scrollY;
      if (up && left > 80) following.value = false;
      else if (left < 40) following.value = true;
    };
    window.addEventListener('scroll', onScroll, { passive: true });
    return () => window.removeEventListener('scroll', onScroll);
  }, [following]);

  const { words } = model.transcript.value;
  const tail = model.tail.value;
  useEffect(() => {
    if (following.value) end.current?.scrollIntoView({ block: 'end' });
  }, [words.length, tail, following.value]);

  return (
    <>
      <div ref={end} class="end" />
      {!following.value && (
        <button
          type="button"
          class="to-end"
          onClick={() => {
            following.value = true;
          }}
        >
          {dictionary.value.jumpToEnd} ↓
        </button>
      )}
    </>
  );
}
