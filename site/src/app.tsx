import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/queries.ts";
import { enterByAddress } from "./office/documents/address.ts";
import { router } from "./router.tsx";
import "./styles.css";
import { Toasts } from "./ui/toasts.tsx";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

enterByAddress();
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Toasts>
        <RouterProvider router={router} />
      </Toasts>
    </QueryClientProvider>
  </StrictMode>,
);
