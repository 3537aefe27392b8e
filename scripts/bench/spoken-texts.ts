/**
 * What is said in the shared recordings of read English, in the spelling of PocketSphinx's dictionary. LibriSpeech
 * (test-other) reads books of the public domain: Gaskell's "North and South", Burton's "Arabian Nights", Nietzsche's
 * "Thus Spake Zarathustra", the letters of Dorothy Osborne. By file under the shared audio folder.
 */
export const SPOKEN_TEXTS: Readonly<Record<string, string>> = {
  'jfk.wav':
    'and so my fellow americans ask not what your country can do for you ask what you can do for your country',
  'librispeech/1688-142285-0000.flac':
    "there's iron they say in all our blood and a grain or two perhaps is good but his he makes me harshly feel has got a little too much of steel anon",
  'librispeech/1688-142285-0001.flac':
    'margaret said mr hale as he returned from showing his guest downstairs i could not help watching your face with some anxiety when mr thornton made his confession of having been a shop boy',
  'librispeech/1688-142285-0003.flac':
    'i really liked that account of himself better than anything else he said',
  'librispeech/1688-142285-0004.flac':
    'his statement of having been a shop boy was the thing i liked best of all',
  'librispeech/2033-164914-0000.flac':
    'replied he of a truth i heard him not and i wot him not and folks are all sleeping',
  'librispeech/2033-164914-0001.flac': 'but she said whomsoever thou seest awake he is the reciter',
  'librispeech/2033-164914-0003.flac': 'rejoined the eunuch who then is the reciter point him out to me',
  'librispeech/2033-164914-0004.flac': 'by allah replied the fireman i tell thee the truth',
  'librispeech/2414-128291-0000.flac': 'what hath happened unto me',
  'librispeech/2414-128291-0001.flac':
    'he asked himself something warm and living quickeneth me it must be in the neighborhood',
  'librispeech/2414-128291-0003.flac': 'what do i here seek',
  'librispeech/2414-128291-0004.flac':
    'he answered the same that thou seekest thou mischief maker that is to say happiness upon earth',
  'librispeech/3080-5032-0000.flac': 'but i am hugely pleased that you have seen my lady',
  'librispeech/3080-5032-0001.flac':
    'i knew you could not choose but like her but yet let me tell you you have seen but the worst of her',
  'librispeech/3080-5032-0003.flac': 'why did you not send me that news and a garland',
  'librispeech/3080-5032-0004.flac': "well the best on't is i have a squire now that is as good as a knight",
};
