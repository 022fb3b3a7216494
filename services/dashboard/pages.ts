/** Pages of the dashboard that are one word at the top of its paths; the list of workspaces is at `/`. */
export const pageNames = ['license', 'users', 'organizations', 'images', 'audit', 'health', 'account'] as const
