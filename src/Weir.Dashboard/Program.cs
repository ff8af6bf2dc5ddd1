using Weir.Dashboard;

return await DashboardHost.RunAsync(args);
