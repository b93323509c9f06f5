import { Route, Routes } from 'react-router-dom';
import { ApprovalsPage } from './ApprovalsPage';
import { AssetPage } from './AssetPage';
import { AssetsPage } from './AssetsPage';
import { AuditPage } from './AuditPage';
import { DeletedPage } from './DeletedPage';
import { ScopeAccessPage } from './ScopeAccessPage';
import { ServiceAccountsPage } from './ServiceAccountsPage';
import { StoragePage } from './StoragePage';
import { TypesPage } from './TypesPage';

/** The page of all assets, those beside it, and under it each asset's own address. */
export function AssetRoutes() {
  return (
    <Routes>
      <Route path="/" element={<AssetsPage />} />
      <Route path="/access" element={<ScopeAccessPage />} />
      <Route path="/approvals" element={<ApprovalsPage />} />
      <Route path="/audit" element={<AuditPage />} />
      <Route path="/deleted" element={<DeletedPage />} />
      <Route path="/service-accounts" element={<ServiceAccountsPage />} />
      <Route path="/storage" element={<StoragePage />} />
      <Route path="/types" element={<TypesPage />} />
      <Route path="/:namespace/:name/*" element={<AssetPage />} />
    </Routes>
  );
}
