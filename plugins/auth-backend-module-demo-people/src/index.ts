/**
 * Sample people to sign in as, for the demo alone.
 *
 * @packageDocumentation
 */
export { authModuleDemoPeople as default } from './module';
