import { ConfigReader } from '@backstage/config';
import { assertDemo } from './assertDemo';

const on = (url: string) =>
  new ConfigReader({ app: { baseUrl: url }, backend: { baseUrl: url } });

describe('assertDemo', () => {
  it('lets the demo start on the own machine', () => {
    expect(() =>
      assertDemo(on('http://localhost:7007'), 'development'),
    ).not.toThrow();
  });

  it('refuses a production installation', () => {
    expect(() => assertDemo(on('http://localhost:7007'), 'production')).toThrow(
      /production/,
    );
  });

  it('refuses a portal that others can reach', () => {
    expect(() =>
      assertDemo(on('https://portal.example.com'), 'development'),
    ).toThrow(/portal\.example\.com/);
  });
});
