import t from 'tap';
import { compressionRatio, hallucinationIn, longestLoop } from './hallucination.ts';

const spoken = { noSpeechProbability: 0.02, averageLogProbability: -0.3, repeated: false };

t.test('[S4] what looks hallucinated is told from speech', async (t) => {
  const table = [
    { ...spoken, text: ' The patient takes five milligrams of ramipril in the morning.', verdict: undefined },
    { ...spoken, text: ' No, no, no, no.', verdict: undefined },
    {
      ...spoken,
      text: ' Thanks for watching!',
      noSpeechProbability: 0.9,
      averageLogProbability: -1.4,
      verdict: 'no-speech',
    },
    { ...spoken, text: ' Yes.', noSpeechProbability: 0.9, averageLogProbability: -0.4, verdict: undefined },
    { ...spoken, text: ' Hm.', noSpeechProbability: 0.3, averageLogProbability: -1.4, verdict: undefined },
    { ...spoken, text: ' [BLANK_AUDIO]', verdict: 'remark' },
    { ...spoken, text: ' (upbeat music)', verdict: 'remark' },
    { ...spoken, text: ' ♪', verdict: 'remark' },
    { ...spoken, text: ' [Laughs] It hurts here.', verdict: undefined },
    { ...spoken, text: ' you you you you you you', verdict: 'repetition' },
    {
      ...spoken,
      text: ' the pain in the pain in the pain in the pain in the pain in the pain in',
      verdict: 'repetition',
    },
    {
      ...spoken,
      text: ` ${'I will see you in the next one of these videos. '.repeat(8)}`,
      verdict: 'repetition',
    },
    { ...spoken, text: ' Thank you.', repeated: true, verdict: 'repetition' },
  ];
  for (const { verdict, ...segment } of table) t.equal(hallucinationIn(segment), verdict, segment.text);
});

t.test('[S4] loops are counted by phrase', async (t) => {
  t.equal(longestLoop(''), 0);
  t.equal(longestLoop('one two three'), 1);
  t.equal(longestLoop('Sí, sí, sí'), 3);
  t.equal(longestLoop('so the leg the leg the leg hurts'), 3);
  t.equal(compressionRatio(''), 0);
  t.ok(compressionRatio('abc '.repeat(100)) > 2.4);
});
