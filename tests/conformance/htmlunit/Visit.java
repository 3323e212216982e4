import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.htmlunit.WebClient;
import org.htmlunit.html.DomElement;
import org.htmlunit.html.HtmlInput;
import org.htmlunit.html.HtmlPage;

/** Goes to each address of its input as one person, signs in and allows where that is asked, and tells where it came. */
public class Visit {
  private static final long PATIENCE = 15_000; // milliseconds for the scripts of a page

  public static void main(String[] arguments) throws Exception {
    BufferedReader addresses = new BufferedReader(new InputStreamReader(System.in));
    try (WebClient client = new WebClient()) { // a script that fails, fails the visit
      client.getOptions().setUseInsecureSSL(true);
      for (String address = addresses.readLine(); address != null; address = addresses.readLine()) {
        client.getPage(address);
        if (has(client, "sign-in")) {
          HtmlPage page = page(client);
          ((HtmlInput) page.getElementByName("username")).setValue(arguments[0]);
          ((HtmlInput) page.getElementByName("password")).setValue(arguments[1]);
          click(client, "submit");
        }
        if (has(client, "consent")) {
          click(client, "allow");
        }
        client.waitForBackgroundJavaScript(PATIENCE);
        System.out.println(page(client).getUrl());
        System.out.flush();
      }
    }
  }

  private static HtmlPage page(WebClient client) {
    return (HtmlPage) client.getCurrentWindow().getEnclosedPage();
  }

  private static boolean has(WebClient client, String id) {
    return page(client).getElementById(id) != null;
  }

  private static void click(WebClient client, String id) throws Exception {
    ((DomElement) page(client).getElementById(id)).click();
  }
}
