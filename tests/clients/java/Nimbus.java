import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.auth.*;
import com.nimbusds.oauth2.sdk.id.*;
import com.nimbusds.oauth2.sdk.pkce.*;
import com.nimbusds.oauth2.sdk.token.*;
import com.nimbusds.openid.connect.sdk.*;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Set;

/** Nimbus' OAuth 2 and OpenID Connect SDK 11: prints where to send the person, reads where they came back, does the rest. */
public class Nimbus {
    static final URI CALLBACK = URI.create("http://127.0.0.1:4567/callback");

    public static void main(String[] arguments) throws Exception {
        Issuer issuer = new Issuer(System.getenv("ISSUER"));
        ClientID id = new ClientID(System.getenv("CLIENT_ID"));
        OIDCProviderMetadata server = OIDCProviderMetadata.resolve(issuer);
        CodeVerifier verifier = new CodeVerifier();
        State state = new State();
        Nonce nonce = new Nonce();
        Scope scope = new Scope("openid", "profile", "email", "offline_access", "api:read");
        System.out.println(new AuthenticationRequest.Builder(ResponseType.CODE, scope, id, CALLBACK)
                .state(state).nonce(nonce).codeChallenge(verifier, CodeChallengeMethod.S256)
                .endpointURI(server.getAuthorizationEndpointURI()).build().toURI());
        URI cameBack = URI.create(new BufferedReader(new InputStreamReader(System.in)).readLine());

        AuthenticationResponse answer = AuthenticationResponseParser.parse(cameBack);
        check(state.equals(answer.getState()), "state");
        check(issuer.equals(answer.getIssuer()), "iss");
        AuthorizationCode code = answer.toSuccessResponse().getAuthorizationCode();
        OIDCTokens tokens = ask(server, id, new AuthorizationCodeGrant(code, CALLBACK, verifier));
        IDTokenClaimsSet claims = new IDTokenValidator(issuer, id, JWSAlgorithm.RS256, server.getJWKSetURI().toURL())
                .validate(tokens.getIDToken(), nonce);
        UserInfoResponse person = UserInfoResponse.parse(
                new UserInfoRequest(server.getUserInfoEndpointURI(), tokens.getAccessToken()).toHTTPRequest().send());
        check(claims.getSubject().equals(person.toSuccessResponse().getUserInfo().getSubject()), "sub");
        JWTClaimsSet access = verified(server, tokens.getAccessToken().getValue());
        check(id.getValue().equals(access.getStringClaim("client_id")), "client_id");

        OIDCTokens newer = ask(server, id, new RefreshTokenGrant(tokens.getRefreshToken()));
        check(!newer.getRefreshToken().equals(tokens.getRefreshToken()), "rotation");
        check(introspected(server, id, newer.getRefreshToken()), "an active refresh token");
        check(new TokenRevocationRequest(server.getRevocationEndpointURI(), proof(server, id), newer.getRefreshToken())
                .toHTTPRequest().send().indicatesSuccess(), "revocation");
        check(!introspected(server, id, newer.getRefreshToken()), "an ended refresh token");
        System.out.println(person.toSuccessResponse().getUserInfo().getEmailAddress());
    }

    static OIDCTokens ask(OIDCProviderMetadata server, ClientID id, AuthorizationGrant grant) throws Exception {
        TokenRequest request = new TokenRequest.Builder(server.getTokenEndpointURI(), proof(server, id), grant).build();
        TokenResponse answer = OIDCTokenResponseParser.parse(request.toHTTPRequest().send());
        check(answer.indicatesSuccess(), answer.toHTTPResponse().getBody());
        return ((OIDCTokenResponse) answer.toSuccessResponse()).getOIDCTokens();
    }

    /** A new one for each request: an assertion is good once, and for the issuer. */
    static ClientAuthentication proof(OIDCProviderMetadata server, ClientID id) throws Exception {
        String key = System.getenv("CLIENT_KEY");
        if (key == null) return new ClientSecretBasic(id, new Secret(System.getenv("CLIENT_SECRET")));
        String encoded = Files.readString(Path.of(key)).replaceAll("-----[^-]+-----|\\s", "");
        PrivateKey found = KeyFactory.getInstance("RSA")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(encoded)));
        return new PrivateKeyJWT(id, URI.create(server.getIssuer().getValue()), JWSAlgorithm.RS256, found, null, null);
    }

    static boolean introspected(OIDCProviderMetadata server, ClientID id, Token token) throws Exception {
        TokenIntrospectionResponse answer = TokenIntrospectionResponse.parse(new TokenIntrospectionRequest(
                server.getIntrospectionEndpointURI(), proof(server, id), token).toHTTPRequest().send());
        return answer.toSuccessResponse().isActive();
    }

    /** As a resource server does it (RFC 9068 §4). */
    static JWTClaimsSet verified(OIDCProviderMetadata server, String token) throws Exception {
        DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
        processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType("at+jwt")));
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(
                JWSAlgorithm.ES256, JWKSourceBuilder.create(server.getJWKSetURI().toURL()).build()));
        processor.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>(
                "https://api.example", new JWTClaimsSet.Builder().issuer(server.getIssuer().getValue()).build(),
                Set.of("sub", "exp", "iat", "jti", "client_id")));
        return processor.process(token, null);
    }

    static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }
}
