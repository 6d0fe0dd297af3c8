"""The company's own sign-in: OpenID Connect Core 1.0, authorization code with PKCE."""
