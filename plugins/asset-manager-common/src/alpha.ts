export { assetModelLayer } from './kind/assetModelLayer';
