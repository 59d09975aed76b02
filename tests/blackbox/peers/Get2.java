// Java's own HTTP client, over HTTP/2, with a client certificate: several requests beside one another.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;

public class Get2 {
  public static void main(String[] arguments) throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
    HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0])).build();
    HttpResponse<String> first = client.send(request, HttpResponse.BodyHandlers.ofString());
    System.out.print(first.version() + " " + first.statusCode() + " " + first.body());
    var all = new ArrayList<CompletableFuture<HttpResponse<String>>>();
    for (int i = 0; i < 50; ++i) all.add(client.sendAsync(request, HttpResponse.BodyHandlers.ofString()));
    int good = 0;
    for (var each : all) {
      if (each.get().version() == HttpClient.Version.HTTP_2 && each.get().statusCode() == 200) ++good;
    }
    System.out.println(good + " more");
  }
}
