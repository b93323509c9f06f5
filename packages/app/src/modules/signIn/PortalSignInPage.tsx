import { ProxiedSignInPage, SignInPage } from '@backstage/core-components';
import { configApiRef, useApi } from '@backstage/core-plugin-api';
import type { SignInPageProps } from '@backstage/plugin-app-react';
import {
  Button,
  Card,
  CardBody,
  CardHeader,
  Container,
  Flex,
  Text,
} from '@backstage/ui';
import { useState } from 'react';
import { oidcAuthApiRef } from './oidcAuth';

const STORED_PERSON = 'demo-person';

/**
 * Signs in: by the organisation's OpenID provider where the configuration names
 * one, else as one of the sample people of the demo.
 */
export function PortalSignInPage(props: SignInPageProps) {
  const config = useApi(configApiRef);
  const people = config.getOptionalStringArray('auth.providers.demo.people');
  const [person, setPerson] = useState(() => {
    const stored = window.localStorage.getItem(STORED_PERSON);
    return stored !== null && people?.includes(stored) ? stored : undefined;
  });

  const oidcTitle = config.getOptionalString('app.signIn.oidc.title');
  if (oidcTitle !== undefined) {
    return (
      <SignInPage
        {...props}
        title="Asset Manager"
        align="center"
        provider={{
          id: 'oidc',
          title: oidcTitle,
          message: `Sign in with ${oidcTitle}`,
          apiRef: oidcAuthApiRef,
        }}
      />
    );
  }

  if (!people) return <SignInPage {...props} providers={[]} />;

  if (person) {
    return (
      <ProxiedSignInPage
        {...props}
        provider="demo"
        headers={{ 'x-demo-person': person }}
        onSignInSuccess={identity =>
          props.onSignInSuccess({
            getBackstageIdentity: () => identity.getBackstageIdentity(),
            getCredentials: () => identity.getCredentials(),
            getProfileInfo: () => identity.getProfileInfo(),
            signOut: async () => window.localStorage.removeItem(STORED_PERSON),
          })
        }
      />
    );
  }

  return (
    <Container>
      <Flex direction="column" gap="4" py="8">
        <Text as="h1" variant="title-large">
          Asset Manager
        </Text>
        <Text variant="body-large">
          This is the demo. Sign in as one of its sample people; none of them
          has a password.
        </Text>
        <Flex gap="4" style={{ flexWrap: 'wrap' }}>
          {people.map(name => (
            <Card key={name} style={{ width: 220 }}>
              <CardHeader>
                <Text
                  variant="title-small"
                  style={{ textTransform: 'capitalize' }}
                >
                  {name}
                </Text>
              </CardHeader>
              <CardBody>
                <Button
                  onPress={() => {
                    window.localStorage.setItem(STORED_PERSON, name);
                    setPerson(name);
                  }}
                >
                  {`Sign in as ${name}`}
                </Button>
              </CardBody>
            </Card>
          ))}
        </Flex>
      </Flex>
    </Container>
  );
}
