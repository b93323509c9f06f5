import { Route, Routes } from 'react-router-dom';
import { AssetPage } from './AssetPage';
import { AssetsPage } from './AssetsPage';

/** The page of all assets, and under it each asset's own address. */
export function AssetRoutes() {
  return (
    <Routes>
      <Route path="/" element={<AssetsPage />} />
      <Route path="/:namespace/:name/*" element={<AssetPage />} />
    </Routes>
  );
}
