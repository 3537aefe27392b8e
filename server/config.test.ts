import t from 'tap';
import { ConfigError, readConfig } from './config.ts';

t.test('an empty environment gives a server for this machine alone, with a one-time link', async (t) => {
  const config = readConfig({});
  t.equal(config.AUSCULT_HOST, '127.0.0.1');
  t.equal(config.localLogin, true);
  t.match(config.masterKeyFile, /master\.key$/);
});

t.test(
  '[A1] no one-time link where others can reach the server or an identity provider is set',
  async (t) => {
    t.equal(readConfig({ AUSCULT_HOST: '0.0.0.0' }).localLogin, false);
    t.equal(readConfig({ AUSCULT_JWKS_URL: 'https://id.example/keys' }).localLogin, false);
    t.equal(readConfig({ AUSCULT_HOST: '0.0.0.0', AUSCULT_LOCAL_LOGIN: 'yes' }).localLogin, true);
  },
);

t.test('wrong settings are all named at once, and empty ones count as not given', async (t) => {
  t.equal(readConfig({ AUSCULT_PORT: '' }).AUSCULT_PORT, 8080);
  const wrong = () => readConfig({ AUSCULT_PORT: 'eighty', AUSCULT_WHISPER_MODEL: 'huge' });
  t.throws(wrong, ConfigError);
  t.throws(wrong, /AUSCULT_PORT[\s\S]*AUSCULT_WHISPER_MODEL/);
  t.throws(() => readConfig({ AUSCULT_TLS_KEY: 'key.pem' }), /go together/);
});
