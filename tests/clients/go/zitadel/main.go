// A web application on zitadel/oidc v3, as a relying party and as a resource server: https://github.com/zitadel/oidc
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/client/rs"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

func main() {
	issuer, id, secret := os.Getenv("ISSUER"), os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET")
	address := "127.0.0.1:" + os.Getenv("PORT")
	background := context.Background()
	key := []byte("thirty-two bytes that are a key.")
	cookies := httphelper.NewCookieHandler(key, key, httphelper.WithUnsecure())
	party, err := rp.NewRelyingPartyOIDC(
		background, issuer, id, secret, "http://"+address+"/callback",
		[]string{"openid", "profile", "email", "offline_access", "api:read"},
		rp.WithPKCE(cookies), rp.WithCookieHandler(cookies),
	)
	must(err)
	api, err := rs.NewResourceServerClientCredentials(background, issuer, "api", secret)
	must(err)

	var tokens *oidc.Tokens[*oidc.IDTokenClaims] // one visitor: what a session would keep for each
	http.Handle("/login", rp.AuthURLHandler(func() string { return "a state" }, party))
	http.Handle("/callback", rp.CodeExchangeHandler(rp.UserinfoCallback(
		func(w http.ResponseWriter, r *http.Request, got *oidc.Tokens[*oidc.IDTokenClaims], state string, party rp.RelyingParty, info *oidc.UserInfo) {
			tokens = got
			answer(w, map[string]any{"claims": got.IDTokenClaims, "person": info, "state": state}, nil)
		}), party))
	http.HandleFunc("/introspect", func(w http.ResponseWriter, r *http.Request) {
		found, err := rs.Introspect[*oidc.IntrospectionResponse](r.Context(), api, tokens.AccessToken)
		answer(w, found, err)
	})
	http.HandleFunc("/refresh", func(w http.ResponseWriter, r *http.Request) {
		before := tokens.RefreshToken
		got, err := rp.RefreshTokens[*oidc.IDTokenClaims](r.Context(), party, before, "", "")
		if err == nil {
			tokens = got
		}
		answer(w, map[string]any{"rotated": before != tokens.RefreshToken, "claims": tokens.IDTokenClaims}, err)
	})
	http.HandleFunc("/revoke", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]any{}, rp.RevokeToken(r.Context(), party, tokens.RefreshToken, "refresh_token"))
	})
	http.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		to, err := rp.EndSession(r.Context(), party, tokens.IDToken, "http://"+address+"/", "the-state", "", nil)
		if err != nil {
			answer(w, nil, err)
			return
		}
		http.Redirect(w, r, to.String(), http.StatusFound)
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { answer(w, r.URL.Query(), nil) })
	log.Fatal(http.ListenAndServe(address, nil))
}

func answer(w http.ResponseWriter, told any, err error) {
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		told = map[string]string{"error": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(told)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
