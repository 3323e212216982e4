import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/** Decodes each token of stdin with the page's decoder, and says whose it is, or that it was refused. */
public class Page {
    // PAGE

    public static void main(String[] arguments) throws Exception {
        JwtDecoder decoder = new Page().jwtDecoder(arguments[0]);
        BufferedReader tokens = new BufferedReader(new InputStreamReader(System.in));
        for (String token = tokens.readLine(); token != null; token = tokens.readLine()) {
            try {
                System.out.println(decoder.decode(token).getSubject());
            } catch (JwtException refused) {
                System.out.println("refused");
            }
        }
    }
}
