import {
  Link,
  sidebarConfig,
  useSidebarOpenState,
} from '@backstage/core-components';
import { makeStyles } from '@material-ui/core/styles';

const useStyles = makeStyles({
  root: {
    width: '100%',
    height: 3 * sidebarConfig.logoHeight,
    display: 'flex',
    alignItems: 'center',
    marginBottom: -14,
  },
  link: {
    display: 'flex',
    alignItems: 'center',
    gap: 12,
    marginLeft: 22,
    color: '#d8f3ec',
    fontWeight: 600,
    whiteSpace: 'nowrap',
  },
});

export const SidebarLogo = () => {
  const classes = useStyles();
  const { isOpen } = useSidebarOpenState();
  return (
    <div className={classes.root}>
      <Link to="/" underline="none" className={classes.link} aria-label="Home">
        <svg width="28" height="28" viewBox="0 0 32 32" aria-hidden="true">
          <path
            d="M7 11l9-5 9 5v10l-9 5-9-5zM7 11l9 5 9-5M16 16v10"
            fill="none"
            stroke="#9fe0d0"
            strokeWidth="2"
            strokeLinejoin="round"
          />
        </svg>
        {isOpen && 'Asset Manager'}
      </Link>
    </div>
  );
};
