"use strict";

// A token may come behind the "#", which browsers don't send to servers; it goes to the header editor and leaves the address.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) {
  history.replaceState(null, "", location.pathname);
}

const socket = new URL("/graphql", location.href);
socket.protocol = socket.protocol === "https:" ? "wss:" : "ws:";

const EXAMPLE = `# Who you are and what you may do. Run: Ctrl-Enter. Names: Ctrl-Space. Everything there is: the book on the left.
# Without a token nobody is signed in: put one into Headers below (make demo prints one for each role).
{
  me {
    subject
    role
    permissions
  }
}
`;

const page = React.createElement(GraphiQL, {
  fetcher: GraphiQL.createFetcher({ url: "/graphql", subscriptionUrl: socket.href }),
  plugins: [GraphiQLPluginExplorer.explorerPlugin()],
  defaultEditorToolsVisibility: "headers",
  defaultQuery: EXAMPLE,
  headers: JSON.stringify({ Authorization: token ? `Bearer ${token}` : "Bearer <token>" }, null, 2),
  isHeadersEditorEnabled: true,
  shouldPersistHeaders: false,
});

ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
