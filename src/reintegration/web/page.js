"use strict";

// A token may come behind the "#", which browsers don't send to servers; it goes to the header editor and leaves the address.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) {
  history.replaceState(null, "", location.pathname);
}

const socket = new URL("/graphql", location.href);
socket.protocol = socket.protocol === "https:" ? "wss:" : "ws:";

const page = React.createElement(GraphiQL, {
  fetcher: GraphiQL.createFetcher({ url: "/graphql", subscriptionUrl: socket.href }),
  plugins: [GraphiQLPluginExplorer.explorerPlugin()],
  defaultEditorToolsVisibility: "headers",
  defaultQuery: "# Token into Headers below; run: Ctrl-Enter\n{\n  __typename\n}\n",
  headers: JSON.stringify({ Authorization: token ? `Bearer ${token}` : "Bearer <token>" }, null, 2),
  isHeadersEditorEnabled: true,
  shouldPersistHeaders: false,
});

ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
